"""The ledger `loader.loads`: one row for each load, kept for ever, failed ones included."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg import ClientCursor, Connection, Cursor, sql
from psycopg.rows import class_row

from loader import __version__, ledger_table, locks
from loader.errors import DatabaseError

_Bytes = bytes  # for classes that have a size of this name

_CONTENT = (
    *("export", "account_key", "uri", "file_name", "sha256", "bytes"),
    *("header", "covers", "etag", "stored_bytes", "added_columns"),
)


@dataclass(frozen=True)
class Load:
    """One row of the ledger."""

    load_id: int
    export: str
    account_key: str
    uri: str
    file_name: str
    sha256: str
    bytes: int
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    rows_blank: int
    status: str
    replaced_by: int | None
    failure: str | None
    loader_version: str
    started_at: datetime
    finished_at: datetime | None
    header: _Bytes | None = None
    covers: str | None = None
    etag: str | None = None
    stored_bytes: int | None = None
    xid: str | None = None
    added_columns: list[str] | None = None


@dataclass(frozen=True)
class Content:
    """What is about to be loaded: the bytes of one file as one export of one account.

    `header` is the first line of a CSV file, byte for byte; `covers` what the file's name says it
    covers; `etag` and `stored_bytes` are the version and size its store gives it; `added_columns`
    those that were new. What is not known before the end of the file counts when it is finished.
    """

    export: str
    account_key: str
    uri: str
    file_name: str
    sha256: str
    bytes: int
    header: _Bytes | None = None
    covers: str | None = None
    etag: str | None = None
    stored_bytes: int | None = None
    added_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Begun:
    """The number and the beginning of a load under way; a claimed one is entered at its end."""

    load_id: int
    started_at: datetime
    is_entered: bool = True


@dataclass(frozen=True)
class Counts:
    """What became of the records of a file; `read` = `loaded` + `rejected` + `blank`."""

    read: int
    loaded: int
    rejected: int
    blank: int


class Finished(NamedTuple):
    """What a load did at its end: the loads it replaced, in the transaction that makes it count."""

    replaced: tuple[int, ...]
    xid: str


def _names(columns: Collection[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _placeholders(columns: Collection[str]) -> sql.Composed:
    return sql.SQL(", ").join([sql.Placeholder()] * len(columns))


# Neither PGCLIENTENCODING nor a server's own default decides how text reaches the tables, or what
# a statement sees: all that was committed before it.
BEGIN = "begin isolation level read committed; set local client_encoding = 'UTF8'"
_COUNTED = ("rows_read", "rows_loaded", "rows_rejected", "rows_blank")
_FINISHED = ("load_id", "started_at", *_CONTENT, *_COUNTED, "loader_version")
# These are put together once: a folder of small files needs them thousands of times.
_FIND = (
    "select * from loader.loads where status in ('loaded', 'replaced') and export = %(export)s"
    " and sha256 = %(sha256)s and (%(any_account)s or account_key = %(account_key)s)"
    " order by status, load_id desc limit 1"
)
# The load that has the bytes, or the number of the one to come, which the transaction is called.
_FIND_OR_NUMBER = (
    sql.SQL(
        "with earlier as ({earlier}), numbered as ("
        "select pg_catalog.nextval(pg_catalog.pg_get_serial_sequence('loader.loads', 'load_id'))"
        " as load_id where not exists (select from earlier)"
        ") select numbered.load_id, clock_timestamp(), (select {naming} from numbered), earlier.*"
        " from (values (true)) as always (is_so)"
        " left join earlier on always.is_so left join numbered on always.is_so"
    )
    .format(earlier=sql.SQL(_FIND), naming=sql.SQL(locks.NAMING_TRANSACTION))
    .as_bytes()
)
_CLAIM = b"; ".join([BEGIN.encode(), locks.TRY_UNTIL_COMMIT.encode(), _FIND_OR_NUMBER])
_BEGIN_LOAD = (
    sql.SQL(
        "with entered as (insert into loader.loads ({}, status, loader_version)"
        " values ({}, 'loading', %s) returning load_id, started_at)"
        " select load_id, started_at, {} from entered"
    )
    .format(_names(_CONTENT), _placeholders(_CONTENT), sql.SQL(locks.NAMING_TRANSACTION))
    .as_bytes()
)
_ENTER_FINISHED = (
    sql.SQL(
        "insert into loader.loads ({}, status, xid, finished_at) values"
        " ({}, 'loaded', pg_catalog.pg_current_xact_id()::text, clock_timestamp()) returning xid"
    )
    .format(_names(_FINISHED), _placeholders(_FINISHED))
    .as_bytes()
)
_FINISH = (
    sql.SQL(
        "update loader.loads set ({}) = row({}), status = 'loaded',"
        " xid = pg_catalog.pg_current_xact_id()::text, finished_at = clock_timestamp()"
        " where load_id = %s and status = 'loading' returning xid"
    )
    .format(_names(_FINISHED), _placeholders(_FINISHED))
    .as_bytes()
)


def claim(connection: Connection, content: Content, *, any_account: bool) -> Begun | Load:
    """Begin a transaction in which nobody else loads these bytes, in one message if all is well.

    Returns the load that has them already, as `find_loaded` does, or the number of a load to
    come, which is in the ledger when it is finished. Waits as `lock_content` does. The transaction
    is the caller's to end, whatever is raised.
    """
    cursor = ClientCursor(connection)
    asked = _asked(content, any_account=any_account)
    cursor.execute(_CLAIM, {"key": _key(content), **asked})
    # Each statement of a message sees what was committed before it, so what holds the bytes is
    # asked for after they are locked.
    cursor.set_result(-2)
    locked = cursor.fetchone()
    cursor.set_result(-1)
    if locked is None or not locked[0]:
        lock_content(connection, content)
        cursor.execute(_FIND_OR_NUMBER, asked)
    return _claimed(cursor)


def _claimed(cursor: Cursor) -> Begun | Load:
    load_id, started_at, _, *earlier = cursor.fetchone() or (None, None, None, None)
    if load_id is not None:
        return Begun(load_id, started_at, is_entered=False)
    names = [column.name for column in cursor.description or ()]
    found = dict(zip(names[-len(earlier) :], earlier, strict=True))
    if found.get("load_id") is None:
        message = "loader.loads: load_id has no sequence that belongs to it"
        identity = "alter table loader.loads alter load_id add generated by default as identity"
        raise DatabaseError(message, f"give it one: {identity}", "nothing was loaded")
    return Load(**found)


def _asked(content: Content, *, any_account: bool) -> Mapping[str, object]:
    return {
        "export": content.export,
        "account_key": content.account_key,
        "sha256": content.sha256,
        "any_account": any_account,
    }


def _key(content: Content) -> str:
    return f"{content.export} {content.account_key} {content.sha256}"


def lock_content(
    connection: Connection,
    content: Content,
    *,
    patience: float = locks.PATIENCE_SECONDS,
    stalled_after: float | None = None,
) -> locks.Waited:
    """Make other loads of the same bytes wait until this transaction ends.

    Waits for one already under way, and ends it when its client has stopped (`locks.acquire`);
    after `patience` seconds raises `DatabaseError`.
    """
    waited = locks.acquire(
        connection,
        _key(content),
        until="transaction",
        patience=patience,
        stalled_after=stalled_after,
    )
    if waited is None:
        message = f"{content.file_name}: the same bytes are still being loaded elsewhere"
        raise DatabaseError(message, "wait for that load, or end it, and try again")
    return waited


def find(connection: Connection, load_id: int) -> Load | None:
    """Return the load of this number, if there is one."""
    if not ledger_table.exists(connection):
        return None
    cursor = connection.cursor(row_factory=class_row(Load))
    return cursor.execute("select * from loader.loads where load_id = %s", [load_id]).fetchone()


def find_loaded(connection: Connection, content: Content, *, any_account: bool) -> Load | None:
    """Return the load that holds these bytes already, or held them until a newer replaced it.

    With `any_account`, for files whose rows name the account, the account is not compared. A load
    that counts comes before a replaced one.
    """
    cursor = connection.cursor(row_factory=class_row(Load))
    return cursor.execute(_FIND, _asked(content, any_account=any_account)).fetchone()


def find_by_etag(connection: Connection, uri: str, etag: str) -> Load | None:
    """Return the newest load of this version of the object at `uri`, of whatever account."""
    cursor = connection.cursor(row_factory=class_row(Load))
    return cursor.execute(
        "select * from loader.loads where status in ('loaded', 'replaced') and uri = %s"
        " and etag = %s order by load_id desc limit 1",
        [uri, etag],
    ).fetchone()


def loaded_of_size(
    connection: Connection,
    *,
    bytes: int | None,  # noqa: A002  # the ledger's name for it
    stored_bytes: int | None,
) -> bool:
    """Say whether any load has one of these sizes; only then can it be of the same bytes."""
    row = connection.execute(
        "select exists (select from loader.loads"
        " where status in ('loaded', 'replaced') and (bytes = %s or stored_bytes = %s))",
        [bytes, stored_bytes],
    ).fetchone()
    return row is not None and bool(row[0])


def begin(connection: Connection, content: Content) -> Begun:
    """Enter a load that is under way; this transaction is called `loader load <load_id>`.

    For loads that are committed before they are whole: `locks.hold` it in the same transaction,
    or `interruptions.sweep` takes it for one whose loader is gone.
    """
    row = connection.execute(_BEGIN_LOAD, [*_values(content), __version__]).fetchone()
    if row is None:
        message = "loader.loads returned no number for a new load"
        raise DatabaseError(message)
    return Begun(*row[:2])


def finish(connection: Connection, begun: Begun, content: Content, counts: Counts) -> Finished:
    """Enter a load as loaded, with this content, or mark it so where it was entered before.

    It replaces every load that counts, of the same export and account, whose file covers the same.
    Raises `DatabaseError` when it was entered and is no longer under way.
    """
    # Those give way before the load counts, or it would give way to itself.
    replaced = () if content.covers is None else _give_way(connection, content)
    counted = (counts.read, counts.loaded, counts.rejected, counts.blank)
    values = [begun.load_id, begun.started_at, *_values(content), *counted, __version__]
    if begun.is_entered:
        row = connection.execute(_FINISH, [*values, begun.load_id]).fetchone()
    else:
        row = connection.execute(_ENTER_FINISHED, values).fetchone()
    if row is None:
        message = f"load {begun.load_id} was ended by another loader"
        raise DatabaseError(message, "nothing was loaded; load the file again")
    if replaced:
        connection.execute(
            "update loader.loads set replaced_by = %s where load_id = any(%s)",
            [begun.load_id, list(replaced)],
        )
    return Finished(replaced, row[0])


def _give_way(connection: Connection, content: Content) -> tuple[int, ...]:
    what = [content.export, content.account_key, content.covers]
    # Two loads that cover the same and end at once would not see each other.
    locks.lock_until_commit(connection, f"loader: replace {what}")
    rows = connection.execute(
        "update loader.loads set status = 'replaced'"
        " where status = 'loaded' and export = %s and account_key = %s and covers = %s"
        " returning load_id",
        what,
    )
    return tuple(sorted(int(row[0]) for row in rows))


def record_failure(
    connection: Connection, begun: Begun, content: Content, counts: Counts, failure: str
) -> None:
    """Enter a load as failed under the number it had, whether or not its begin was committed.

    A load that ended in any other way meanwhile is left as it is.
    """
    values = {
        "load_id": begun.load_id,
        **dict(zip(_CONTENT, _values(content), strict=True)),
        "status": "failed",
        "loader_version": __version__,
        "rows_read": counts.read,
        "rows_rejected": counts.rejected,
        "rows_blank": counts.blank,
        "failure": failure,
        "started_at": begun.started_at,
    }
    kept = sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(key)) for key in values)
    statement = sql.SQL(
        "insert into loader.loads ({names}, finished_at)"
        " values ({placeholders}, clock_timestamp())"
        " on conflict (load_id) do update set ({names}) = row({kept}),"
        " finished_at = excluded.finished_at"
        " where loads.status = 'loading' and loads.started_at = excluded.started_at"
    ).format(names=_names(values), placeholders=_placeholders(values), kept=kept)
    connection.execute(statement, list(values.values()))


def forget(connection: Connection, load_id: int) -> None:
    """Take a load that is under way out of the ledger: its bytes turned out to be loaded."""
    connection.execute(
        "delete from loader.loads where load_id = %s and status = 'loading'", [load_id]
    )


def _values(content: Content) -> list[object]:
    """Return the content's values in the order of `_CONTENT`."""
    values = {column: getattr(content, column) for column in _CONTENT}
    return list((values | {"added_columns": list(content.added_columns) or None}).values())


def read_loads(
    connection: Connection, *, status: str | None = None, last: int | None = None
) -> tuple[Load, ...]:
    """Return the loads, of one status or the newest `last` only, oldest first."""
    if not ledger_table.exists(connection):
        return ()
    cursor = connection.cursor(row_factory=class_row(Load))
    newest_first = cursor.execute(
        "select * from loader.loads where %(status)s::text is null or status = %(status)s"
        " order by load_id desc limit %(last)s",
        {"status": status, "last": last},
    ).fetchall()
    return tuple(reversed(newest_first))


def withdraw(connection: Connection, load_ids: Sequence[int]) -> tuple[int, ...]:
    """Take loads out of the marts, keeping their rows; return those that were loaded until now.

    A load that one of them had replaced as a whole counts again.
    """
    rows = connection.execute(
        "with withdrawn as ("
        "update loader.loads set status = 'withdrawn'"
        " where status = 'loaded' and load_id = any(%s) returning load_id"
        "), given_back as ("
        "update loader.loads set status = 'loaded', replaced_by = null"
        " where status = 'replaced' and replaced_by in (select load_id from withdrawn)"
        ") select load_id from withdrawn",
        [list(load_ids)],
    )
    return tuple(sorted(int(row[0]) for row in rows))
