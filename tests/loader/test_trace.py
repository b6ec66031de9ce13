"""`loader trace` where nothing was built: ledger, raw rows, rejects and the files themselves."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import botocore.session
import psycopg
import pytest
import servers
from loads import DATABRICKS, INFRASAGE

from loader import ledger
from loader.exports import Export
from loader.personal_data import masked
from loader.tracing import originals
from loader.tracing.raw_records import Place, raw_row

Run = Callable[..., tuple[int, str, str]]
Connect = Callable[[], psycopg.Connection]
Read = Callable[..., tuple[str | None, str, str | None]]

WORKERS = (
    "ID,Count,TimestampUnix,WorkerPoolName\n"
    '1,3,1714330800,"li\nnux ""x"""\n'
    "\n"
    "2,,1714330800,jane@example.com\n"
    '3,4,1714330800,""\n'
    "\n"
)
ROW = "workspaceId=1-usageMonth=2026-10.csv"
USAGE = (
    DATABRICKS
    + "1,2026-10-01T09:59:59Z,c,by ann@example.com,m,7,"
    + '"{""o"":""bob@example.com""}",S,1.50,,Jane,{}\n'
    + "1,2026-10-01T09:59:59Z,c,n,m,7,{},S,much,,Jane,{}\n"
)
HEADER = "ID,Count,TimestampUnix,WorkerPoolName"
TIME = "2026-10-01T00:00:00Z"


def event(key: str, more: str = "") -> str:
    start = f'{{"transaction_id":"{key}","customer_id":"c","timestamp":"{TIME}"'
    return f'{start},"event_type":"e"{more}}}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: object) -> Path:
    assert database is not None
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def read_original(connect: Connect, exports: tuple[Export, ...]) -> Read:
    """Return what reads the text of a row of load 1: header, text, and why it was rebuilt."""
    connection = connect()

    def read(line: int, *, fetch: bool = False) -> tuple[str | None, str, str | None]:
        load = ledger.find(connection, 1)
        assert load is not None
        (export,) = (export for export in exports if export.name == load.export)
        raw = raw_row(connection, Place(load, export, line, fetch))
        assert raw is not None
        found = originals.read_original(load, export, line, raw, fetch=fetch)
        return found.header, found.text, found.rebuilt_because

    return read


@pytest.fixture
def load(run: Run, folder: Path) -> Callable[..., None]:
    """Return what writes a file and loads it, bad rows set aside."""

    def load(name: str, content: str | bytes, *options: str) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        code, out, err = run("load", name, "--on-error", "quarantine", *options)
        assert code == 0, out + err

    return load


def traced(run: Run, *arguments: str) -> dict[str, object]:
    code, out, err = run("trace", *arguments, "--json")
    assert (code, err) == (0, "")
    (found,) = json.loads(out)["loads"]
    return dict(found)


def rows_of(out: str) -> list[list[str]]:
    """Return the lines of a chain as words, two or more spaces apart."""
    return [line.split(maxsplit=2) for line in out.splitlines()]


ONE_OF = (
    "trace: expected one of FILE:LINE, --charge ID and --usage ID\n"
    "  for example: loader trace run_minutes.csv:42"
)
NO_LINE = "names no line of a file\n  expected FILE:LINE, such as run_minutes.csv:42"
NO_ID = "expected a UUID, or the first eight or more of its digits"
# Arguments, and the error they end with; exit code 2.
MISTAKES = [
    ((), ONE_OF),
    (("a.csv:2", "--usage", "12345678"), ONE_OF),
    *(
        ((place,), f"{place}: {NO_LINE}")
        for place in ("a.csv", "a.csv:", "a.csv:0", ":3", "a.csv:x", "a.csv:²", f"a.csv:{10**18}")
    ),
    (
        ("--charge", "12345678", "--load", "1"),
        "--load: picks one of a file's loads\n  leave it out, or name FILE:LINE",
    ),
    *(
        ((f"--{kind}", text), f"--{kind}: is no id: {text!r}\n  {NO_ID}")
        for kind, text in (("charge", "1234567"), ("usage", "zzzzzzzzz"), ("usage", "1" * 33))
    ),
]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("arguments", "error"), MISTAKES)
def test_wrong_usage_is_explained(run: Run, arguments: tuple[str, ...], error: str) -> None:
    assert run("trace", *arguments) == (2, "", f"error: {error}\n")


def test_an_empty_database_has_nothing_and_stays_empty(
    run: Run, folder: Path, connect: Connect
) -> None:
    (folder / "a.csv").write_text(WORKERS)
    assert run("trace", "a.csv:2") == (
        1,
        "",
        (
            "error: a.csv: no load of this file is in the ledger\n"
            "  see what was loaded with: loader loads\n"
        ),
    )
    for kind, table in (("charge", "fct_charges"), ("usage", "fct_usage_hourly")):
        assert run("trace", f"--{kind}", "12345678") == (
            1,
            "",
            f"error: the database has no marts.{table}\n  not built yet: make build\n",
        )
    schemas = connect().execute(
        "select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$|^public$'"
    )
    assert schemas.fetchall() == []


def test_a_row_that_was_not_built_yet(run: Run, folder: Path, load: Callable[..., None]) -> None:
    load("a.csv", WORKERS)
    code, out, err = run("trace", "a.csv:6")
    assert (code, err) == (0, "")
    chain = out.splitlines()
    assert chain.pop(2).startswith("       load              1, loaded 20")
    assert chain == [
        "file   name              a.csv",
        "       line              6",
        "       export            spacelift.worker_count",
        f"       lies at           {(folder / 'a.csv').as_uri()}",
        "raw    id                3",
        "       count             4",
        "       timestamp_unix    1714330800",
        '       worker_pool_name  ""',
        "usage  decision          not built yet: make build",
    ]


# A line of WORKERS, and what it is.
LINES = [
    (1, "header", None),
    (2, "row", None),
    (3, "inside a record", 2),
    (4, "blank", None),
    (5, "rejected", None),
    (6, "row", None),
    (7, "blank", None),
]


@pytest.mark.parametrize("is_there", [True, False])
def test_every_line_of_a_file_is_something(
    run: Run, folder: Path, load: Callable[..., None], *, is_there: bool
) -> None:
    load("a.csv", WORKERS)
    if not is_there:
        (folder / "a.csv").unlink()
    # Only the file itself can tell a blank line behind the last record from no line.
    for line, kind, begins_on in LINES[: None if is_there else -1]:
        found = traced(run, f"a.csv:{line}")
        assert (line, found["kind"], found["begins_on"]) == (line, kind, begins_on)
    end = "it has 7 lines" if is_there else "its last record begins on 6; the file is gone"
    assert run("trace", "a.csv:8") == (
        1,
        "",
        f"error: a.csv: has no line 8\n  load 1: {end}\n",
    )


def test_a_refused_line_says_why_and_hides_addresses(run: Run, load: Callable[..., None]) -> None:
    load("a.csv", WORKERS)
    out = run("trace", "a.csv:5")[1]
    assert rows_of(out)[-3:] == [
        ["rejected", "column", "count"],
        ["reason", "empty:", "is empty; expected a whole number such as 42"],
        ["text", "2,,1714330800,***"],
    ]


def test_lines_without_a_record_say_what_they_are(run: Run, load: Callable[..., None]) -> None:
    load("a.csv", WORKERS)
    last = {line: run("trace", f"a.csv:{line}")[1].splitlines()[-1] for line in (1, 3, 4)}
    assert last == {
        1: "line  is       the header: it names the columns and is no record",
        3: "line  is       inside the record that begins on line 2",
        4: "line  is       blank: counted in the ledger, neither loaded nor refused",
    }


def test_personal_data_is_masked_in_every_form(run: Run, load: Callable[..., None]) -> None:
    load(ROW, USAGE)
    for arguments in ((f"{ROW}:2",), (f"{ROW}:2", "--json"), (f"{ROW}:3",), (f"{ROW}:3", "--json")):
        out = run("trace", *arguments)[1]
        assert [word for word in ("ann@", "bob@", "example.com", "Jane") if word in out] == []
    raw = traced(run, f"{ROW}:2")["raw"]
    assert isinstance(raw, dict)
    assert raw == {
        "workspace_id": "1",
        "timestamp": "2026-10-01T09:59:59Z",
        "cluster_id": "c",
        "cluster_name": "by ***",
        "cluster_node_type": "m",
        "cluster_owner_user_id": "7",
        "cluster_custom_tags": '{"o":"***"}',
        "sku": "S",
        "dbus": "1.50",
        "machine_hours": None,
        "cluster_owner_user_name": "***",
        "tags": "{}",
    }
    (reject,) = traced(run, f"{ROW}:3")["rejects"]  # type: ignore[misc]
    assert reject["record"] == "1,2026-10-01T09:59:59Z,c,n,m,7,{},S,much,,***,{}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ann@example.com", "***"),
        ("mail ann.b+c@ex-ample.co.uk, now", "mail ***, now"),
        ('{"o":"ann@example.com"}', '{"o":"***"}'),
        (r'{"o":"ann\u0040example.com"}', '{"o":"***"}'),
        ("to=ann%40example.com", "***"),
        ("<jörg@example>", "<***>"),
        ("a @ b", "a @ b"),
        ("no address", "no address"),
    ],
)
def test_what_looks_like_an_address_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_file_is_found_by_whatever_it_is_called(
    run: Run, folder: Path, load: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    load("in/2026 1/a.csv", WORKERS)
    (folder / "copy.csv").write_text(WORKERS)
    place = folder / "in" / "2026 1" / "a.csv"
    names = ["in/2026 1/a.csv", "./in/2026 1/a.csv", str(place), place.as_uri(), "a.csv"]
    names += ["2026 1/a.csv", "copy.csv"]
    monkeypatch.chdir(folder)
    assert [run("trace", f"{name}:2")[0] for name in names] == [0] * len(names)
    assert run("trace", "elsewhere/a.csv:2") == (
        1,
        "",
        (
            "error: elsewhere/a.csv: no load of this file is in the ledger\n"
            f"  load 1 is of {place.as_uri()}\n"
            "  see what was loaded with: loader loads\n"
        ),
    )
    # Nothing but whole parts of a path.
    assert run("trace", ".csv:2")[0] == 1


def test_members_and_compressed_files_are_found_and_read(
    run: Run, folder: Path, load: Callable[..., None]
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("d/a b.csv", WORKERS)
    load("month.zip", archive.getvalue())
    load("c.csv.gz", gzip.compress(WORKERS.replace("1,3", "1,5").encode()))
    for name in ("month.zip/d/a b.csv", "month.zip#d/a b.csv", f"{folder}/month.zip/d/a b.csv"):
        assert traced(run, f"{name}:7")["kind"] == "blank"
    for name in ("c.csv.gz", "c.csv", str(folder / "c.csv.gz")):
        assert traced(run, f"{name}:7")["kind"] == "blank"


def test_loads_of_one_name_are_all_shown_newest_first(run: Run, load: Callable[..., None]) -> None:
    load("x/a.csv", WORKERS)
    load("y/a.csv", WORKERS.replace("1,3", "1,5"))
    out = run("trace", "a.csv:2")[1]
    assert out.splitlines()[0] == "2 loads of this file, newest first"
    assert [words[1] for words in rows_of(out) if words[:1] == ["count"]] == ["5", "3"]
    assert traced(run, "a.csv:2", "--load", "1")["raw"] == {
        "id": "1",
        "count": "3",
        "timestamp_unix": "1714330800",
        "worker_pool_name": 'li\nnux "x"',
    }
    assert traced(run, "x/a.csv:2")["raw"] == traced(run, "a.csv:2", "--load", "1")["raw"]
    assert run("trace", "x/a.csv:2", "--load", "2") == (
        1,
        "",
        "error: --load 2: is no load of x/a.csv\n  its loads: 1\n",
    )


def test_loads_that_do_not_count_say_so(run: Run, folder: Path, load: Callable[..., None]) -> None:
    load(ROW, USAGE)
    load(ROW, USAGE.replace("1.50", "1.75"))
    load("a.csv", WORKERS)
    assert run("withdraw", "3")[0] == 0
    (folder / "broken.csv").write_text(INFRASAGE + "t,x,log,1,1\n")
    assert run("load", "broken.csv")[0] == 1
    said = {
        place: [words for words in rows_of(run("trace", *place)[1]) if words[0] in STATES]
        for place in ((f"{ROW}:2", "--load", "1"), ("a.csv:2",), ("broken.csv:2",))
    }
    assert list(said.values()) == [
        [["replaced", "by", f"load 2 ({ROW})"]],
        [["withdrawn", "its", "rows are kept and count no more"]],
        [["failed", "nothing", "of it was loaded: line 2: hour is not a date and time"]],
    ]
    assert run("trace", "a.csv:2")[1].splitlines()[-1].split() == [
        *("usage", "decision", "none:", "load", "3", "was", "withdrawn")
    ]


STATES = ("replaced", "withdrawn", "failed")

ARRAY = f"[\n  {event('a')}, {event('b')},\n  {event('c').replace(',', ',' + chr(10))}\n]\n"
# A line of ARRAY by the numbers its rows have, and what it is.
ELEMENTS = [
    (1, "between records", None, None),
    (2, "row", None, "a"),
    (3, "row", None, "b"),
    (4, "row", None, "c"),
    (5, "inside a record", 4, None),
    (6, "inside a record", 4, None),
    (7, "between records", None, None),
]


def test_lines_of_a_json_array(run: Run, load: Callable[..., None]) -> None:
    load("e.json", ARRAY)
    for line, kind, begins_on, key in ELEMENTS:
        found = traced(run, f"e.json:{line}")
        raw = found["raw"] or {}
        assert isinstance(raw, dict)
        assert (line, found["kind"], found["begins_on"]) == (line, kind, begins_on)
        assert raw.get("transaction_id") == key
    assert run("trace", "e.json:99")[2].splitlines()[1:] == ["  load 1: it has 7 lines"]


class Case(NamedTuple):
    """A file, the number of a row, and its header and text as they come from the file."""

    name: str
    content: str
    line: int
    header: str | None
    text: str


EMPTY_POOL = '3,4,1714330800,""'
ORIGINALS = {
    "csv": Case("a.csv", WORKERS, 2, HEADER, '1,3,1714330800,"li\nnux ""x"""'),
    "crlf": Case("a.csv", WORKERS.replace("\n", "\r\n"), 6, HEADER, EMPTY_POOL),
    "mark": Case("a.csv", f"\ufeff{WORKERS}", 6, HEADER, EMPTY_POOL),
    "order": Case(
        "a.csv",
        "count,WORKERPOOLNAME,TimestampUnix,id\n7,,1714330800,\n",
        2,
        "count,WORKERPOOLNAME,TimestampUnix,id",
        "7,,1714330800,",
    ),
    "new column": Case(
        "a.csv",
        f"{HEADER},New One\n,7,1714330800,p,q\n",
        2,
        f"{HEADER},New One",
        ",7,1714330800,p,q",
    ),
    "large": Case(
        "a.csv",
        f"{HEADER}\n" + "1,3,1714330800,p\n" * 200_000 + "9,9,1714330800,q",
        200_002,
        HEADER,
        "9,9,1714330800,q",
    ),
    "jsonl": Case("e.jsonl", f"{event('a')}\n\n{event('b')}\n", 3, None, event("b")),
    "array": Case("e.json", f"[{event('a')},{event('b')},{event('c')}]", 2, None, event("b")),
    "json": Case(
        "e.jsonl",
        event("a", ',"properties":{"n":1.50}') + "\n",
        1,
        None,
        event("a", ',"properties":{"n":1.50}'),
    ),
}


@pytest.mark.parametrize("case", ORIGINALS.values(), ids=ORIGINALS)
@pytest.mark.parametrize("compression", ["", ".gz", ".zip"])
def test_the_original_is_read_from_the_file_or_rebuilt(
    load: Callable[..., None], read_original: Read, case: Case, compression: str
) -> None:
    path = Path(f"{case.name}{compression}")
    load(str(path), stored_as(compression, case.name, case.content.encode()), "--evolve")
    assert read_original(case.line) == (case.header, case.text, None)
    path.write_bytes(stored_as(compression, case.name, b"x\n" * 9))
    changed = "the file has changed since it was loaded"
    assert read_original(case.line) == (case.header, case.text, changed)
    path.unlink()
    assert read_original(case.line) == (case.header, case.text, "the file is gone")


def stored_as(compression: str, name: str, content: bytes) -> bytes:
    if compression == ".gz":
        return gzip.compress(content)
    if compression == ".zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr(name, content)
        return archive.getvalue()
    return content


def test_a_member_that_is_no_more_in_its_archive(
    folder: Path, load: Callable[..., None], read_original: Read
) -> None:
    load("month.zip", stored_as(".zip", "a.csv", WORKERS.encode()))
    (folder / "month.zip").write_bytes(stored_as(".zip", "b.csv", WORKERS.encode()))
    because = "the archive has no such member any more"
    assert read_original(6)[2] == because


@pytest.mark.usefixtures("folder")
def test_a_bucket_is_read_only_when_that_is_asked_for(
    run: Run, read_original: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.moto() as address:
        for name, value in {
            "AWS_ENDPOINT_URL_S3": address,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        client = botocore.session.Session().create_client("s3")
        client.create_bucket(Bucket="exports")
        client.put_object(Bucket="exports", Key="y=1/a.csv", Body=WORKERS.encode())
        arguments = ("load", "s3://exports/y=1/a.csv", "--on-error", "quarantine")
        assert run(*arguments)[0] == 0
        because = "it lies in a bucket, which is read with --fetch only"
        assert read_original(6)[2] == because
        assert read_original(6, fetch=True)[2] is None
        for name in ("s3://exports/y=1/a.csv", "y=1/a.csv", "a.csv"):
            assert traced(run, f"{name}:6")["kind"] == "row"
        assert run("trace", "a.csv:7")[0] == 1
        assert traced(run, "a.csv:7", "--fetch")["kind"] == "blank"
        client.close()


IDS = ["12345678-0000-0000-0000-000000000001", "12345678-0000-0000-0000-000000000002"]


@pytest.mark.usefixtures("folder")
def test_ids_may_be_cut_short_but_not_too_short(run: Run, connect: Connect) -> None:
    connect().execute(
        "create schema marts;"
        " create table marts.fct_charges (charge_id uuid, meter_id text,"
        " charge_start_at timestamptz);"
        " create table marts.fct_usage_hourly (usage_id uuid, meter_id text,"
        " usage_start_at timestamptz);"
        " insert into marts.fct_charges values"
        f" ('{IDS[1]}', null, '2026-10-02Z'), ('{IDS[0]}', 'a:b', '2026-10-01 07:00Z'),"
        " ('ffffffff-ffff-ffff-ffff-ffffffffffff', 'a:c', '2026-10-01Z')"
    )
    assert run("trace", "--charge", "12345678-0000") == (
        2,
        "",
        (
            "error: --charge: 12345678-0000 is the beginning of several ids\n"
            f"  {IDS[0]}  2026-10-01 07:00  a:b\n"
            f"  {IDS[1]}  2026-10-02 00:00  fixed charge\n"
        ),
    )
    assert run("trace", "--charge", "12345679") == (
        1,
        "",
        (
            "error: there is no charge 12345679\n"
            "  ids stand in marts.fct_charges; what no longer counts has none after a build\n"
        ),
    )
    assert run("trace", "--usage", "FFFFFFFF") == (
        1,
        "",
        (
            "error: there is no usage FFFFFFFF\n"
            "  it is the id of another record: --charge FFFFFFFF\n"
        ),
    )


def test_an_export_that_is_not_declared_any_more(
    run: Run, load: Callable[..., None], connect: Connect
) -> None:
    load("a.csv", WORKERS)
    connect().execute("update loader.loads set export = 'gone.export'")
    assert run("trace", "a.csv:2") == (
        1,
        "",
        (
            "error: load 1: gone.export is not declared any more\n"
            "  its rows stand in the raw table; see: loader sources\n"
        ),
    )


def test_a_name_with_signs_is_found_as_it_is_written(run: Run, load: Callable[..., None]) -> None:
    name = "d=1/ä [1]#x.csv"
    load(f"in/{name}", WORKERS)
    assert traced(run, f"in/{name}:7")["kind"] == "blank"
    found = traced(run, f"{name}:2")["load"]
    assert isinstance(found, dict)
    assert found["uri"].endswith(quote(name))
