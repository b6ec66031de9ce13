import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from loader.errors import DataRefusedError, UsageError
from loader.inputs import Input, expand

ENDINGS = (
    "  a folder's files are loaded when they end in"
    " .csv, .json, .jsonl, .ndjson, these with .gz or .zst, or .zip"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [
        *("in/b.csv", "in/A.CSV", "in/c.jsonl.gz", "in/d.json", "in/e.ndjson.zst"),
        *("in/g.txt", "in/.hidden.csv", "in/_draft.csv", "in/.git/h.csv", "in/_old/i.csv"),
        *("in/j.csv.part", "in/k.csv.gz.gz", "in/deep/er/f.csv", "other/k.csv", "none/l.txt"),
    ]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


IN_FOLDER = ["in/A.CSV", "in/b.csv", "in/c.jsonl.gz", "in/d.json", "in/deep/er/f.csv"]
IN_FOLDER.append("in/e.ndjson.zst")

# What is asked for, and the files it stands for.
PATHS = [
    (["in/g.txt"], ["in/g.txt"]),
    (["in/.hidden.csv", "in/_draft.csv"], ["in/.hidden.csv", "in/_draft.csv"]),
    (["in"], IN_FOLDER),
    (["./in/"], IN_FOLDER),
    (["in", "in/b.csv", "other"], [*IN_FOLDER, "other/k.csv"]),
    (["-", "other", "-"], ["other/k.csv", "standard input"]),
    (["in/*.csv"], ["in/_draft.csv", "in/b.csv"]),
    (["in/**/*.csv"], ["in/_draft.csv", "in/_old/i.csv", "in/b.csv", "in/deep/er/f.csv"]),
    (["*/*.jso*"], ["in/c.jsonl.gz", "in/d.json"]),
    (["*"], [*IN_FOLDER, "other/k.csv"]),
]


@pytest.mark.parametrize(("asked", "expected"), PATHS)
def test_files_folders_and_globs(folder: Path, asked: list[str], expected: list[str]) -> None:
    assert folder.exists()
    assert [item.place for item in expand(asked)] == expected


# A pattern, and the files of the folder that are like it.
PATTERNS = [
    ("*.csv", ["in/b.csv", "in/deep/er/f.csv"]),
    ("deep/*", ["in/deep/er/f.csv"]),
    ("f.csv", ["in/deep/er/f.csv"]),
    ("[bc].*", ["in/b.csv", "in/c.jsonl.gz"]),
]


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS)
def test_a_pattern_selects_in_folders_only(folder: Path, pattern: str, expected: list[str]) -> None:
    assert folder.exists()
    assert [item.place for item in expand(["in"], pattern=pattern)] == expected
    assert [item.place for item in expand(["in/g.txt"], pattern=pattern)] == ["in/g.txt"]


def test_a_pattern_that_matches_nothing_is_an_error(folder: Path) -> None:
    assert folder.exists()
    with pytest.raises(UsageError, match=r"^in: holds nothing to load that is like \*\.xml$"):
        expand(["in"], pattern="*.xml")


# What is asked for in vain, and the error.
MISTAKES = [
    ("nix.csv", "nix.csv: no such file or folder"),
    ("in/*.xml", "in/*.xml: matches no file"),
    ("none", f"none: holds nothing to load\n{ENDINGS}"),
    ("fifo.csv", "fifo.csv: is neither a file nor a folder"),
    ("/dev/zero", "/dev/zero: is neither a file nor a folder"),
    ("pipes", "pipes/fifo.csv: is neither a file nor a folder"),
    (
        "links",
        (
            "links/out.csv: is a link to a place outside of links\n"
            "  name the file itself if it is to be loaded"
        ),
    ),
    (
        "folder_links",
        (
            "folder_links/out: is a link to a place outside of folder_links\n"
            "  name the file itself if it is to be loaded"
        ),
    ),
    (
        "in/k.csv.gz.gz",
        (
            "in/k.csv.gz.gz: is an archive in an archive\n"
            "  nothing was loaded; unpack it and load what it holds"
        ),
    ),
    (
        "https://host/usage.csv?sig=SECRET",
        (
            "https://…: is not a place that files are loaded from\n"
            "  nothing was loaded; name files, s3://bucket/key or gs://bucket/key"
        ),
    ),
]


@pytest.mark.parametrize(("asked", "error"), MISTAKES)
def test_what_cannot_be_loaded_is_named(folder: Path, asked: str, error: str) -> None:
    for name in ("links", "folder_links", "pipes"):
        (folder / name).mkdir()
    os.mkfifo(folder / "fifo.csv")
    os.mkfifo(folder / "pipes" / "fifo.csv")
    (folder / "links" / "out.csv").symlink_to("../other/k.csv")
    (folder / "folder_links" / "out").symlink_to("../other")
    with pytest.raises(UsageError) as mistake:
        expand([asked])
    assert str(mistake.value) == error


def test_a_link_inside_of_its_folder_is_the_same_file(folder: Path) -> None:
    (folder / "other" / "link.csv").symlink_to("k.csv")
    assert len(expand(["other"])) == 1


def content_of(item: Input, size: int = 1 << 16) -> bytes:
    with item.open() as reader:
        content = b"".join(iter(lambda: reader.read(size), b""))
        reader.finish()
    return content


def test_a_file_says_what_it_is_and_is_read_as_often_as_asked(folder: Path) -> None:
    (item,) = expand(["other"])
    assert (item.name, item.uri) == ("k.csv", (folder / "other/k.csv").as_uri())
    assert (item.size, item.content_size, item.etag) == (11, 11, None)
    assert [content_of(item, 4), content_of(item)] == [b"other/k.csv"] * 2
    with item.open() as reader:
        assert reader.read(4) == b"othe"
        assert reader.stored_bytes_read == 4
        with pytest.raises(RuntimeError, match="before its end"):
            reader.finish()


def test_a_name_that_is_no_utf8_is_refused_by_itself(folder: Path) -> None:
    Path(os.fsdecode(b"new-\xff.csv")).write_bytes(b"a,b\n")
    (item,) = expand(["new-*.csv"])
    with pytest.raises(DataRefusedError) as refusal:
        item.open()
    assert str(refusal.value) == (
        "new-\\udcff.csv: its name is not UTF-8 text\n  nothing of it was loaded; rename the file"
    )
    assert folder.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb.csv", "a\\nb.csv"),
        ("\x1b[31m.csv", "\\x1b[31m.csv"),
        ("a\u202eb.csv", "a\\u202eb.csv"),
        ("ü \U0001f600 'x'.csv", "ü \U0001f600 'x'.csv"),
    ],
)
def test_a_name_is_shown_on_one_line_without_what_a_terminal_would_do(
    folder: Path, name: str, shown: str
) -> None:
    (folder / name).write_bytes(b"a,b\n")
    (item,) = expand([str(folder / name)])
    assert item.place == str(folder / shown)
    assert item.name == name


def append(path: Path) -> None:
    with path.open("a") as stream:
        stream.write("more")


def replace(path: Path) -> None:
    path.rename(path.with_suffix(".old"))
    path.write_bytes(path.with_suffix(".old").read_bytes())


def rewrite(path: Path) -> None:
    path.write_text("x" * path.stat().st_size)
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [append, replace, rewrite, Path.unlink])
def test_a_file_that_changes_while_it_is_read_is_refused(
    folder: Path, change: Callable[[Path], None]
) -> None:
    (item,) = expand(["other"])
    with item.open() as reader:
        assert reader.read(1)
        change(folder / "other/k.csv")
        while reader.read(100):
            pass
        with pytest.raises(DataRefusedError) as refusal:
            reader.finish()
    assert str(refusal.value) == (
        "other/k.csv: changed while it was read\n"
        "  nothing of it was loaded; load it again when it is complete"
    )


@pytest.mark.parametrize("asked", ["other", "other/k.csv"])
def test_a_file_that_became_a_pipe_is_not_waited_for(folder: Path, asked: str) -> None:
    (item,) = expand([asked])
    (folder / "other/k.csv").unlink()
    os.mkfifo(folder / "other/k.csv")
    with pytest.raises(UsageError, match=r"k\.csv: is neither a file nor a folder"):
        item.open()


def test_a_file_that_went_away_is_refused(folder: Path) -> None:
    (item,) = expand(["other/k.csv"])
    (folder / "other/k.csv").unlink()
    with pytest.raises(DataRefusedError) as refusal:
        item.open()
    assert str(refusal.value) == (
        "other/k.csv: cannot be read: No such file or directory\n  nothing of it was loaded"
    )


@pytest.mark.parametrize("part", ["deep", "deep/er", "deep/er/f.csv"])
def test_a_link_out_put_in_a_files_place_later_is_not_followed(folder: Path, part: str) -> None:
    (item,) = [found for found in expand(["in"]) if found.name == "f.csv"]
    (folder / "in" / part).rename(folder / "away")
    (folder / "in" / part).symlink_to(folder / "away")
    with pytest.raises(UsageError, match=r"f\.csv: is a link to a place outside of"):
        item.open()


def test_no_link_is_followed_even_when_its_path_was_resolved_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (item,) = [found for found in expand(["in"]) if found.name == "f.csv"]
    real = (folder / "in/deep/er/f.csv").resolve()
    monkeypatch.setattr(Path, "resolve", lambda *_args, **_options: real)
    (folder / "in/deep/er").rename(folder / "away")
    (folder / "in/deep/er").symlink_to(folder / "away")
    with pytest.raises(DataRefusedError, match=r"f\.csv: cannot be read: (Not a dir|Too many)"):
        item.open()


def piped(monkeypatch: pytest.MonkeyPatch, content: bytes, *, terminal: bool = False) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(content), closed=False, isatty=lambda: terminal)
    monkeypatch.setattr(sys, "stdin", stdin)


def test_standard_input_is_read_as_often_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, b"a,b\n1,2\n")
    (item,) = expand(["-"])
    assert (item.place, item.name, item.size, item.etag) == (
        *("standard input", "standard input", None, None),
    )
    with item.open() as first, item.open() as second:
        assert [first.read(2), second.read(4), first.read(9)] == [b"a,", b"a,b\n", b"b\n1,2\n"]
    assert content_of(item) == b"a,b\n1,2\n"


def test_standard_input_leaves_no_file_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    piped(monkeypatch, b"a")
    with expand(["-"])[0].open() as reader:
        assert reader.read(1) == b"a"
        assert list(tmp_path.iterdir()) == []


# What standard input is, and the error.
WRONG_PIPES = [
    (b"", True, "standard input: nothing is piped into it"),
    (b"123456789", False, "standard input: holds more than 8 bytes"),
    (b"PK\x03\x04", False, "standard input: is a zip archive, which cannot be read from a pipe"),
]


@pytest.mark.parametrize(("content", "terminal", "error"), WRONG_PIPES)
def test_what_standard_input_cannot_be(
    monkeypatch: pytest.MonkeyPatch, content: bytes, *, terminal: bool, error: str
) -> None:
    monkeypatch.setenv("LOADER_MAX_BYTES", "8")
    piped(monkeypatch, content, terminal=terminal)
    with pytest.raises((UsageError, DataRefusedError)) as mistake:
        expand(["-"])[0].open()
    assert mistake.value.message == error


@pytest.mark.parametrize("name", ["LOADER_MAX_BYTES", "LOADER_MAX_SECONDS"])
@pytest.mark.parametrize("value", ["0", "-1", "64G", "1.5", "²"])
def test_a_limit_that_is_no_number_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=f"{name}: is not a whole number above 0"):
        expand(["-"])
