"""Writes the sample month: the five exports of a company that does not exist.

    python samples/generate.py              writes the committed files, October 2026
    python samples/generate.py --check      do the committed files equal what would be written?
    python samples/generate.py --month 2026-11 --out build/november

The standard library is enough. The same month and seed give the same bytes on every Python from
3.11 on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from acme import databricks, infrasage, metronome, spacelift, tecton
from acme.month import Month

HERE = Path(__file__).resolve().parent
VENDORS = {
    "databricks": databricks.files,
    "tecton": tecton.files,
    "spacelift": spacelift.files,
    "infrasage": infrasage.files,
    "metronome": metronome.files,
}


def main() -> int:
    """Write or check the samples, and say what was done."""
    options = _options()
    month = Month.parse(options.month)
    if options.check:
        return check(options.out, month, options.seed)
    written = write(options.out, month, options.seed)
    size = sum(path.stat().st_size for path in written)
    print(f"{len(written)} files, {size:,} bytes in {options.out}")  # noqa: T201
    return 0


def write(out: Path, month: Month, seed: int) -> list[Path]:
    """Write the files below `out` and return them; other files are left alone."""
    written = []
    for files in VENDORS.values():
        for name, text in files(month, seed).items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            written.append(path)
    return written


def check(out: Path, month: Month, seed: int) -> int:
    """Compare `out` with freshly written files; 1 and the names of the files when they differ."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        write(fresh, month, seed)
        wanted, found = _contents(fresh), _contents(out)
    differing = sorted(name for name in wanted | found if wanted.get(name) != found.get(name))
    for name in differing:
        print(f"{out / name}: differs from what the generator writes", file=sys.stderr)  # noqa: T201
    return 1 if differing else 0


def _contents(out: Path) -> dict[str, bytes]:
    """The bytes of every file in the folders of the five vendors."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for vendor in VENDORS
        for path in (out / vendor).rglob("*")
        if path.is_file()
    }


def _options() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Write the sample month of all five exports.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--month", default="2026-10", help="month to write, such as 2026-10")
    parser.add_argument("--seed", type=int, default=20261001, help="same seed, same bytes")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
