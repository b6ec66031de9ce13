"""The most disk a database takes while something runs on it, and the WAL that is written."""

import threading
from types import TracebackType
from typing import Self

import psycopg
from databases import Environment, connect

_SECONDS_BETWEEN_LOOKS = 0.5
_SIZE = "select pg_database_size(current_database())"
# A role that may not look into the server's folders sees its tables alone.
_SIZE_WITH_FILES = """
    select
        pg_database_size(current_database())
        + (select coalesce(sum(size), 0) from pg_ls_tmpdir())
"""
_WAL = "select pg_current_wal_lsn() - '0/0'::pg_lsn"


class Watch:
    """Looks at a database until it is left: size `before`, `most` and `after`, and `wal`, in bytes.

    The size is of its tables and of temporary files; of those, the whole server's.
    """

    def __init__(self, environment: Environment) -> None:
        self._database = connect(environment)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        try:
            self._query = _SIZE_WITH_FILES
            self._number(self._query)
        except psycopg.errors.InsufficientPrivilege:
            self._query = _SIZE
        self.before = self.most = self.after = self._number(self._query)
        self._wal_before, self.wal = self._number(_WAL), 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.after = self._number(self._query)
        self.wal = self._number(_WAL) - self._wal_before
        self.most = max(self.most, self.after)
        self._database.close()

    def _look(self) -> None:
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            self.most = max(self.most, self._number(self._query))

    def _number(self, query: str) -> int:
        return int((self._database.execute(query.encode()).fetchone() or (0,))[0])
