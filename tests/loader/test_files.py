import hashlib
import os
from pathlib import Path

import pytest

from loader.errors import DataRefusedError, UsageError
from loader.files import LocalFile, Source, expand, read_through


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [
        *("in/b.csv", "in/A.CSV", "in/c.jsonl", "in/d.json", "in/e.ndjson", "in/deep/er/f.csv"),
        *("in/g.txt", "in/.hidden.csv", "in/_draft.csv", "in/.git/h.csv", "in/_old/i.csv"),
        *("in/j.csv.part", "other/k.csv", "none/l.txt"),
    ]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


IN_FOLDER = ["in/A.CSV", "in/b.csv", "in/c.jsonl", "in/d.json", "in/deep/er/f.csv", "in/e.ndjson"]

# What is asked for, and the files it stands for.
PATHS = [
    (["in/g.txt"], ["in/g.txt"]),
    (["in/.hidden.csv", "in/_draft.csv"], ["in/.hidden.csv", "in/_draft.csv"]),
    (["in"], IN_FOLDER),
    (["./in/"], IN_FOLDER),
    (["in", "in/b.csv", "other"], [*IN_FOLDER, "other/k.csv"]),
    (["in/*.csv"], ["in/_draft.csv", "in/b.csv"]),
    (["in/**/*.csv"], ["in/_draft.csv", "in/_old/i.csv", "in/b.csv", "in/deep/er/f.csv"]),
    (
        ["*/*.[jc]s*"],
        ["in/_draft.csv", "in/b.csv", "in/c.jsonl", "in/d.json", "in/j.csv.part", "other/k.csv"],
    ),
    (["*"], [*IN_FOLDER, "other/k.csv"]),
]


@pytest.mark.parametrize(("asked", "expected"), PATHS)
def test_files_folders_and_globs(folder: Path, asked: list[str], expected: list[str]) -> None:
    assert folder.exists()
    assert [file.place for file in expand(asked)] == expected


# What is asked for in vain, and the error.
MISTAKES = [
    ("nix.csv", "nix.csv: no such file or folder"),
    ("in/*.xml", "in/*.xml: matches no file"),
    (
        "none",
        (
            "none: holds nothing to load\n"
            "  a folder's files are loaded when they end in .csv, .json, .jsonl, .ndjson"
        ),
    ),
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


def test_bytes_are_hashed_as_they_are_handed_out(tmp_path: Path) -> None:
    content = b"x" * 600_000
    (tmp_path / "x.csv").write_bytes(content)
    source = Source(LocalFile(tmp_path / "x.csv"))
    assert b"".join(source.chunks()) == content
    assert source.sha256 == hashlib.sha256(content).hexdigest()
    assert source.bytes_read == len(content)


def test_a_file_that_became_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(UsageError, match=r"x\.csv: is neither a file nor a folder"):
        read_through(LocalFile(tmp_path / "x.csv"))


def test_a_file_that_went_away_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError) as refusal:
        read_through(LocalFile(tmp_path / "x.csv"))
    assert str(refusal.value) == (
        f"{tmp_path}/x.csv: cannot be read: No such file or directory\n  nothing of it was loaded"
    )
