"""What can go wrong in a way a person can act on, and the exit code of each kind.

An error carries a first line that says where and what, and further lines that say what to do.
Neither ever holds a password, an e-mail address or a cell other than the one that is wrong.
"""


class LoaderError(Exception):
    """Base of every error that is shown to a person instead of a traceback.

    `message` says where and what; `hints` say what to do, one line each.
    """

    exit_code = 1

    def __init__(self, message: str, *hints: str) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints

    def __str__(self) -> str:
        return "\n  ".join((self.message, *self.hints))


class DataRefusedError(LoaderError):
    """A file, or a row of it, is not what its export is declared to be. Exit code 1."""


class NotFoundError(LoaderError):
    """What was asked for is nowhere in the database. Exit code 1."""


class UsageError(LoaderError):
    """The command, the project folder or a declaration is wrong. Exit code 2."""

    exit_code = 2


class DatabaseError(LoaderError):
    """PostgreSQL cannot be reached, started or used. Exit code 3."""

    exit_code = 3
