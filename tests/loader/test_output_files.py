"""Files put in place as a whole, and what writers that were killed left beside them."""

import subprocess
import sys
from pathlib import Path

from loader.output_files import replaced

KILLED = """
import os, pathlib, signal, sys
from loader.output_files import replaced

with replaced(pathlib.Path(sys.argv[1])) as stream:
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def kill_a_writer_of(path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)


def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    kill_a_writer_of(out)
    (left,) = names(tmp_path)
    assert left.startswith(".x.csv.loader-")
    with replaced(out) as stream:
        stream.write(b"whole")
    assert names(tmp_path) == {"x.csv"}
    assert out.read_bytes() == b"whole"


def test_files_of_others_and_of_other_outputs_stay(tmp_path: Path) -> None:
    kill_a_writer_of(tmp_path / "y.csv")
    others = {".x.csv.tmp", ".x.csv.abcdefgh.tmp", ".x.csv.loader-abcdefgh.tmp.gz", "x.csv.loader-"}
    for name in others:
        (tmp_path / name).touch()
    before = names(tmp_path)
    with replaced(tmp_path / "x.csv") as stream:
        stream.write(b"whole")
    assert names(tmp_path) == {*before, "x.csv"}


def test_a_living_writer_of_the_same_file_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    with replaced(out) as slow:
        slow.write(b"slow")
        with replaced(out) as quick:
            quick.write(b"quick")
        assert out.read_bytes() == b"quick"
    assert out.read_bytes() == b"slow"
    assert names(tmp_path) == {"x.csv"}
