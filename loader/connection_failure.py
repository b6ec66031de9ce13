"""What to tell a person when a connection fails: where, why, what to do, and no password."""

import os
from collections.abc import Mapping

import psycopg

from loader.errors import DatabaseError

_URL_FORM = "postgresql://user:password@host:5432/dbname"

# What libpq or the server says, and what helps. The first that fits is taken.
_ADVICE = (
    ("password authentication failed", "check PGUSER and PGPASSWORD (or DATABASE_URL)"),
    ("no password supplied", "set PGPASSWORD, or add the server to ~/.pgpass"),
    ("definition of service", "check PGSERVICE and ~/.pg_service.conf"),
    ("does not exist", "check PGDATABASE and PGUSER; a database is made with: createdb NAME"),
    ("resolve host", "check the host's name in PGHOST (or DATABASE_URL)"),
    ("translate host name", "check the host's name in PGHOST (or DATABASE_URL)"),
    ("refused", "is the server running, and is this its port?"),
    ("No such file", "is the server running, and is this its socket folder?"),
    ("timeout", "is the host right, and does a firewall let you through?"),
    ("SSL", "check PGSSLMODE (or sslmode in DATABASE_URL)"),
    ("pg_hba.conf", "the server's pg_hba.conf does not let you in; ask who runs it"),
)
_STATUS = "see: loader db status"
EMBEDDED = "or unset the PG* variables and DATABASE_URL to use the embedded PostgreSQL"


# Classes of errors whose message says nothing of rows or passwords, and what helps.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_ADVICE_BY_CODE = {
    "25006": "the loader writes; name a database that takes writes, and no standby",
    "25P": "a timeout of the database or role ended the session; raise it, or set it to 0",
    "42501": "the role may not do this; ask who owns the database for the right",
    "53": "the server is short of something; free it, and try again",
    "55P03": "somebody else holds a lock for long; try again",
    "57014": "a timeout, or somebody, cancelled the statement; try again",
    "57P": "the server shuts down, starts or ended the session; try again",
}


def explain_error(error: psycopg.Error) -> DatabaseError:
    """Return what to tell of an error that nobody expected, without what may be content in it."""
    if error.sqlstate is None:
        return DatabaseError("PostgreSQL: the connection was lost or refused", _STATUS)
    for code, advice in _ADVICE_BY_CODE.items():
        if error.sqlstate.startswith(code):
            message = f"PostgreSQL: {error.diag.message_primary} ({error.sqlstate})"
            return DatabaseError(message, advice)
    # Other messages may quote rows; the code says what kind of error it was.
    return DatabaseError(f"PostgreSQL: {error.sqlstate}", _STATUS)


def explain(
    error: Exception, parameters: Mapping[str, object], *, otherwise: str = EMBEDDED
) -> DatabaseError:
    """Return the error to raise, `from None`, for a failed connection.

    `parameters` are those of DATABASE_URL, if any: they name the password to keep quiet about.
    `otherwise` is the last hint.
    """
    if not isinstance(error, psycopg.Error):
        # Python's own errors (of encodings, say) quote what they choke on.
        message = "PostgreSQL: cannot connect: a setting cannot be read"
        return DatabaseError(message, "check the PG* variables and DATABASE_URL", otherwise)
    text = " ".join(str(error).split())
    reason = text.rpartition("failed: ")[2].removeprefix("connection is bad: ")
    reason = reason.removeprefix("FATAL: ").partition(" Is the server running")[0].strip()
    if "resolve host" in reason:
        reason = "no address is known for this host"
    for secret in _secrets(parameters):
        reason = reason.replace(secret, "***")
    advice = next((hint for sign, hint in _ADVICE if sign in text), "check the settings")
    where = _where(error, parameters)
    return DatabaseError(f"{where}: cannot connect: {reason}", advice, otherwise)


def check_url(url: str, parameters: Mapping[str, object]) -> None:
    """Raise `DatabaseError` unless `url` was read whole and as meant.

    An `@`, `/` or `:` that is not percent-encoded shifts a piece of the password into the host,
    the port or the database name, which messages show.
    """
    shown = [str(parameters.get(name, "")) for name in ("host", "port", "dbname")]
    is_shifted = any("@" in part for part in shown)
    if parameters and not is_shifted and all(p.isdecimal() for p in shown[1].split(",") if p):
        return
    hints = [f"expected the form {_URL_FORM}"]
    scheme = url.partition("://")[0]
    if scheme.startswith(("postgresql+", "postgres+")):
        hints.append("leave out the '+' and the driver's name after it")
    else:
        hints.append("percent-encode what is special in the password: @ is %40, / is %2F, % is %25")
    message = "DATABASE_URL: not a PostgreSQL connection string (it is not shown here)"
    raise DatabaseError(message, *hints)


def _where(error: psycopg.Error, parameters: Mapping[str, object]) -> str:
    """Return `host:port/dbname` of the attempt, or as much as is known of it."""
    attempt = error.pgconn
    if attempt is not None and attempt.host:
        return f"{attempt.host.decode()}:{attempt.port.decode()}/{attempt.db.decode()}"
    names = (("host", "PGHOST"), ("port", "PGPORT"), ("dbname", "PGDATABASE"))
    host, port, dbname = (
        str(parameters.get(key) or os.environ.get(variable, "")) for key, variable in names
    )
    return f"{host or 'PostgreSQL'}:{port or 5432}/{dbname}"


def _secrets(parameters: Mapping[str, object]) -> list[str]:
    """Return the passwords in play, except one that is also the name of something public."""
    public = {str(parameters.get(name, "")) for name in ("user", "dbname", "host")}
    public |= {os.environ.get(name, "") for name in ("PGUSER", "PGDATABASE", "PGHOST")}
    known = {str(parameters.get("password", "")), os.environ.get("PGPASSWORD", "")}
    return sorted(known - public - {""}, key=len, reverse=True)
