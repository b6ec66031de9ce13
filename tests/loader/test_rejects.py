import base64
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from loader import ledger, rejects
from loader.csv_records import read_records
from loader.errors import DataRefusedError, UsageError
from loader.exports import Export
from loader.ledger import Content, Counts
from loader.lines import physical_lines
from loader.records import Problem
from loader.rejects import Reject

Connect = Callable[[], psycopg.Connection]
Run = Callable[..., tuple[int, str, str]]

HEADER = b"ID,Count,TimestampUnix,WorkerPoolName\n"
CONTENT = Content(
    export="spacelift.worker_count",
    account_key="acme",
    uri="file:///x.csv",
    file_name="x.csv",
    sha256="1" * 64,
    bytes=10,
    header=HEADER,
)
PROBLEMS = [
    Problem(
        *(3, 60, "count", "is not a whole number", "expected a whole number such as 42"),
        cell="'canary'",
        raw=b"2,canary,1714330800,\xc3\xa9\x1b[2J\r\n",
    ),
    Problem(5, 90, None, "is not valid UTF-8", raw=b"\xff\\N\0\t\"'\n"),
    Problem(6, 95, None, "has 1 field, the header has 4", raw=b"7"),
]
RECORDS = b"".join(problem.raw or b"" for problem in PROBLEMS)


def loaded(
    connection: psycopg.Connection,
    content: Content = CONTENT,
    problems: list[Problem] | None = None,
) -> int:
    begun = ledger.begin(connection, content)
    problems = PROBLEMS if problems is None else problems
    written = rejects.write(connection, begun.load_id, problems)
    ledger.finish(connection, begun, content, Counts(written, 0, written, 0))
    return begun.load_id


def test_every_column_is_explained(connection: psycopg.Connection) -> None:
    described = connection.execute(
        "select attname, format_type(atttypid, atttypmod), attnotnull,"
        " col_description(attrelid, attnum) is not null, obj_description(attrelid) is not null"
        " from pg_attribute where attrelid = 'loader.rejects'::regclass and attnum > 0"
        " order by attnum"
    ).fetchall()
    assert described == [
        ("load_id", "bigint", True, True, True),
        ("line_number", "bigint", True, True, True),
        ("byte_offset", "bigint", True, True, True),
        ("column_name", "text", False, True, True),
        ("reason", "text", True, True, True),
        ("detail", "text", True, True, True),
        ("record", "bytea", True, True, True),
    ]


def test_records_are_kept_byte_for_byte_and_cells_are_not(
    connection: psycopg.Connection,
) -> None:
    load_id = loaded(connection)
    place = (load_id, "spacelift.worker_count", "x.csv")
    detail = "is not a whole number; expected a whole number such as 42"
    assert list(rejects.read(connection, load_id)) == [
        Reject(*place, 3, 60, "count", "not_a_whole_number", detail, PROBLEMS[0].raw or b""),
        Reject(*place, 5, 90, None, "invalid_utf8", "is not valid UTF-8", PROBLEMS[1].raw or b""),
        Reject(*place, 6, 95, None, "wrong_width", "has 1 field, the header has 4", b"7"),
    ]


def test_the_number_of_records_is_the_servers(connection: psycopg.Connection) -> None:
    load_id = ledger.begin(connection, CONTENT).load_id
    assert rejects.write(connection, load_id, []) == 0
    problems = (Problem(line, line, None, "is empty", raw=b"x") for line in range(1, 25_001))
    assert rejects.write(connection, load_id, problems) == 25_000
    connection.execute(
        "create function public.drop_row() returns trigger language plpgsql as"
        " 'begin return null; end';"
        "create trigger drops before insert on loader.rejects"
        " for each row execute function public.drop_row()"
    )
    problem = Problem(30_000, 0, None, "is empty", raw=b"x")
    assert rejects.write(connection, load_id, [problem]) == 0


def test_a_line_that_could_not_be_kept_is_refused(connection: psycopg.Connection) -> None:
    load_id = ledger.begin(connection, CONTENT).load_id
    with pytest.raises(DataRefusedError) as refusal, connection.transaction():
        rejects.write(connection, load_id, [Problem(3, 0, None, "is longer than 8 MiB")])
    assert str(refusal.value) == (
        "line 3 is too long to be kept for correction\n"
        "  nothing was loaded; fix the line and load the file again"
    )


def test_only_loads_that_count_are_listed_unless_asked_for(
    connection: psycopg.Connection,
) -> None:
    month = replace(CONTENT, covers="m.csv")
    replaced, withdrawn, counting = (
        loaded(connection, replace(month, covers=covers, sha256=digit * 64))
        for covers, digit in (("m.csv", "2"), (None, "3"), ("m.csv", "4"))
    )
    ledger.withdraw(connection, [withdrawn])
    assert {reject.load_id for reject in rejects.read(connection, None)} == {counting}
    assert rejects.loads_with_rejects(connection, None) == (counting,)
    assert len(list(rejects.read(connection, replaced))) == 3
    assert rejects.loads_with_rejects(connection, withdrawn) == (withdrawn,)


def test_reading_is_no_burden_however_much_was_rejected(connection: psycopg.Connection) -> None:
    load_id = ledger.begin(connection, CONTENT).load_id
    record = b"x" * 1_000_000
    rejects.write(
        connection,
        load_id,
        (Problem(line, line, None, "is empty", raw=record) for line in range(1, 301)),
    )
    entries = rejects.read(connection, load_id)
    assert next(entries).record == record
    cursors = connection.execute("select statement from pg_cursors where is_holdable is false")
    assert any("loader.rejects" in row[0] for row in cursors.fetchall())
    entries.close()  # type: ignore[attr-defined]
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_written_file_is_the_header_and_the_exact_lines(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    load_id, path = loaded(connection), tmp_path / "fix.csv"
    assert rejects.write_file(connection, [load_id], path) == 3
    assert path.read_bytes() == HEADER + RECORDS + b"\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_of_several_loads_share_one_header(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    crlf = replace(CONTENT, sha256="2" * 64, header=HEADER.replace(b"\n", b"\r\n"))
    ids = [loaded(connection, crlf), loaded(connection)]
    assert rejects.write_file(connection, ids, tmp_path / "fix.csv") == 6
    written = (tmp_path / "fix.csv").read_bytes()
    assert written == HEADER[:-1] + b"\r\n" + (RECORDS + b"\r\n") * 2


def test_json_lines_have_no_header(connection: psycopg.Connection, tmp_path: Path) -> None:
    events = replace(CONTENT, export="metronome.usage_events", header=None)
    problems = [Problem(1, 0, None, "is not valid JSON", raw=b"{\n")]
    load_id = loaded(connection, events, problems)
    rejects.write_file(connection, [load_id], tmp_path / "fix.jsonl")
    assert (tmp_path / "fix.jsonl").read_bytes() == b"{\n"


@pytest.mark.parametrize(
    "other",
    [
        replace(CONTENT, export="spacelift.run_minutes"),
        replace(CONTENT, account_key="other"),
        replace(CONTENT, header=b"Count,ID,TimestampUnix,WorkerPoolName\n"),
        replace(CONTENT, header=None),
    ],
)
def test_loads_that_do_not_fit_into_one_file_are_refused(
    connection: psycopg.Connection, tmp_path: Path, other: Content
) -> None:
    ids = [loaded(connection), loaded(connection, replace(other, sha256="2" * 64))]
    with pytest.raises(UsageError) as refusal:
        rejects.write_file(connection, ids, tmp_path / "fix.csv")
    assert str(refusal.value) == (
        "these loads do not fit into one file: their exports, accounts or headers differ\n"
        "  name one of them: loader rejects LOAD_ID --out FILE"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_not_written_over(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    load_id, path = loaded(connection), tmp_path / "fix.csv"
    path.write_text("mine")
    dangling = tmp_path / "link.csv"
    dangling.symlink_to(tmp_path / "elsewhere.csv")
    for target in (path, dangling):
        with pytest.raises(UsageError, match="exists already"):
            rejects.write_file(connection, [load_id], target)
    assert path.read_text() == "mine"
    assert not (tmp_path / "elsewhere.csv").exists()


def test_a_file_that_could_not_be_finished_is_not_left(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    load_id = loaded(connection)
    connection.execute("alter table loader.rejects rename record to hidden")
    with pytest.raises(psycopg.Error):
        rejects.write_file(connection, [load_id], tmp_path / "fix.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("database")
def test_nothing_rejected_is_a_sentence(run: Run, tmp_path: Path, connect: Connect) -> None:
    assert run("rejects") == (0, "nothing was rejected\n", "")
    assert run("rejects", "--json") == (0, '{\n  "rejects": []\n}\n', "")
    assert connect().execute("select to_regclass('loader.loads')").fetchone() == (None,)
    code, out, err = run("rejects", "7")
    assert (code, out, err) == (2, "", "error: there is no load 7\n  loader loads lists them\n")
    target = tmp_path / "fix.csv"
    assert run("rejects", "--out", str(target)) == (
        0,
        "nothing was rejected; nothing was written\n",
        "",
    )
    assert not target.exists()


def test_rejects_are_listed_without_their_content(connection: psycopg.Connection, run: Run) -> None:
    sound = loaded(connection, replace(CONTENT, sha256="2" * 64), [])
    load_id = loaded(connection)
    assert run("rejects", str(sound)) == (0, f"load {sound} rejected nothing\n", "")
    begun = ledger.begin(connection, replace(CONTENT, sha256="f" * 64))
    ledger.record_failure(connection, begun, CONTENT, Counts(3, 0, 2, 1), "line 2: count is empty")
    assert run("rejects", str(begun.load_id)) == (
        2,
        "",
        (
            f"error: load {begun.load_id} failed as a whole and kept no record:"
            " line 2: count is empty\n"
            "  to keep what is refused and load the rest: loader load --on-error quarantine\n"
        ),
    )
    listing = (
        "load  file:line  column  reason              detail\n"
        "2     x.csv:3    count   not_a_whole_number"
        "  is not a whole number; expected a whole number such as 42\n"
        "2     x.csv:5            invalid_utf8        is not valid UTF-8\n"
        "2     x.csv:6            wrong_width         has 1 field, the header has 4\n"
    )
    assert run("rejects") == run("rejects", str(load_id)) == (0, listing, "")


def test_records_are_shown_when_asked_for_with_nothing_a_terminal_obeys(
    connection: psycopg.Connection, run: Run
) -> None:
    long = Problem(9, 99, None, "is not valid UTF-8", raw=b"x" * 201 + b"\n")
    hostile = replace(CONTENT, file_name="\x1b]0;x.csv")
    loaded(connection, hostile, [*PROBLEMS, long])
    _, out, _ = run("rejects", "--show")
    assert [line.rsplit("  ", 1)[1] for line in out.splitlines()] == [
        "record",
        r"2,canary,1714330800,é\x1b[2J",
        r"""\\xff\\N\x00\t"\'""",
        "7",
        "x" * 199 + "…",
    ]
    assert r"\x1b]0;x.csv:3" in out
    assert "\x1b" not in out


def test_json_holds_the_exact_record_only_when_asked_for(
    connection: psycopg.Connection, run: Run
) -> None:
    loaded(connection)
    entries = json.loads(run("rejects", "--json")[1])["rejects"]
    assert entries[0] == {
        "load_id": 1,
        "export": "spacelift.worker_count",
        "file": "x.csv",
        "line": 3,
        "byte_offset": 60,
        "column": "count",
        "reason": "not_a_whole_number",
        "detail": "is not a whole number; expected a whole number such as 42",
    }
    assert "canary" not in json.dumps(entries)
    shown = json.loads(run("rejects", "--json", "--show")[1])["rejects"]
    assert shown[0]["record"].encode() == PROBLEMS[0].raw
    assert base64.b64decode(shown[1]["record_base64"]) == PROBLEMS[1].raw
    assert "record" not in shown[1]


def test_corrected_rejects_load(
    connection: psycopg.Connection, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = physical_lines([b'2,"x\n3,4,5\n4,1,1714330800,linux\n5,"1"2,1714330800,linux'])
    problems = [item for item in read_records(lines, ("a",) * 4) if isinstance(item, Problem)]
    loaded(connection, problems=problems)
    assert run("rejects", "1", "--out", "my fix.csv") == (
        0,
        (
            "wrote 3 records to my fix.csv\n"
            "correct them, then: loader load 'my fix.csv' --account acme\n"
        ),
        "",
    )
    path = tmp_path / "my fix.csv"
    assert path.read_bytes() == HEADER + b'2,"x\n3,4,5\n5,"1"2,1714330800,linux\n'
    corrected = path.read_bytes().replace(b'"x', b"1,1714330800,linux")
    corrected = corrected.replace(b"3,4,5", b"3,4,1714330800,").replace(b'"1"2', b"12")
    path.write_bytes(corrected)
    code, out, _ = run("load", "my fix.csv", "--account", "acme")
    assert (code, out.split("  ")[0]) == (0, "loaded")
    counts = connection.execute("select count(*) from raw_spacelift.worker_count").fetchone()
    assert counts == (3,)


def test_a_file_written_as_json_says_so(
    connection: psycopg.Connection, run: Run, tmp_path: Path
) -> None:
    loaded(connection)
    target = str(tmp_path / "fix.csv")
    assert json.loads(run("rejects", "--out", target, "--json")[1]) == {
        "file": target,
        "records": 3,
        "load_ids": [1],
    }
    code, _, err = run("rejects", "--out", target)
    assert (code, err.splitlines()[0]) == (2, f"error: {target}: exists already")


def test_corrections_do_not_replace_the_file_they_are_of(
    connection: psycopg.Connection, run: Run, tmp_path: Path, exports: tuple[Export, ...]
) -> None:
    name = "workspaceId=1-usageMonth=2026-10.csv"
    assert next(iter(exports)).covered_by(name) == name
    loaded(connection, replace(CONTENT, export="databricks.billable_usage", covers=name))
    target = tmp_path / name
    assert run("rejects", "1", "--out", str(target)) == (
        2,
        "",
        (
            f"error: {target}: loaded under this name, the corrections would replace the whole"
            " file\n  name another file, such as corrected.csv\n"
        ),
    )
    assert run("rejects", "1", "--out", str(tmp_path / "fix.csv"))[1] == (
        f"wrote 3 records to {tmp_path}/fix.csv\n"
        f"correct them, then: loader load {tmp_path}/fix.csv\n"
    )


def test_the_help_shows_examples(run: Run) -> None:
    code, out, _ = run("rejects", "--help")
    assert code == 0
    assert "Example: loader rejects 12" in out
    assert "--out fix.csv" in out
