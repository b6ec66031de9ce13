"""The loads of a file, found by what a person calls it: a path, a name, an address, a member."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from psycopg import Connection
from psycopg.rows import class_row

from loader import ledger_table
from loader.content import hash_of
from loader.errors import LoaderError
from loader.inputs import expand
from loader.ledger import Load

_SCHEME = "://"
_BY_PLACE = "select * from loader.loads where uri = any(%s) order by load_id desc"
_BY_NAME = """
    select * from loader.loads
    where file_name = %(name)s
    or exists (
        select from unnest(%(ends)s::text[]) as ends (text) where right(uri, length(text)) = text
    )
    order by load_id desc
"""
_BY_CONTENT = "select * from loader.loads where sha256 = %s order by load_id desc"


def find_loads(connection: Connection, file: str) -> tuple[Load, ...]:
    """Return the loads of a file, failed ones included, newest first.

    `file` is a path, the end of one, a name alone, an address of a bucket, or a member of an
    archive as `month.zip/usage.csv`. A file that was loaded from elsewhere is found by its bytes.
    """
    if not ledger_table.exists(connection):
        return ()
    is_name = "/" not in file
    cursor = connection.cursor(row_factory=class_row(Load))
    if not is_name and (found := cursor.execute(_BY_PLACE, [list(_places(file))]).fetchall()):
        return tuple(found)
    if not file.startswith("/") and _SCHEME not in file:
        parameters = {"name": file, "ends": list(_ends(file))}
        if found := cursor.execute(_BY_NAME, parameters).fetchall():
            return tuple(found)
    digest = _digest(file)
    return () if digest is None else tuple(cursor.execute(_BY_CONTENT, [digest]).fetchall())


def loads_of_name(connection: Connection, file: str) -> tuple[Load, ...]:
    """Return the loads of files with the same last part of their name, newest first."""
    if not ledger_table.exists(connection):
        return ()
    cursor = connection.cursor(row_factory=class_row(Load))
    parameters = {"name": file.rpartition("/")[2], "ends": []}
    return tuple(cursor.execute(_BY_NAME, parameters).fetchall())


def _places(file: str) -> Iterator[str]:
    """Yield the addresses that the ledger may have for a path or an address."""
    for outer, member in _cuts(file):
        place = outer if _SCHEME in outer else Path(outer).resolve().as_uri()
        yield place if member is None else f"{place}#{quote(member)}"


def _ends(file: str) -> Iterator[str]:
    """Yield what the address of a file ends with; those of files are quoted, of objects not."""
    for outer, member in _cuts(file.removeprefix("./")):
        for spelling in (quote(outer), outer):
            yield f"/{spelling}" if member is None else f"/{spelling}#{quote(member)}"


def _cuts(file: str) -> Iterator[tuple[str, str | None]]:
    """Yield the file as it is, and cut into an archive and each member it may name."""
    yield file, None
    lower, at = file.lower(), -1
    while (at := lower.find(".zip", at + 1)) >= 0:
        end = at + len(".zip")
        if file[end : end + 1] in {"/", "#"} and file[end + 1 :]:
            yield file[:end], file[end + 1 :]


def _digest(file: str) -> str | None:
    """Return the hash of a file's content where the file is there and is one thing to load."""
    if _SCHEME in file or not Path(file).is_file():
        return None
    try:
        found = expand([file])
        return hash_of(found[0]) if len(found) == 1 else None
    except LoaderError:
        return None
