"""Readies the project for one's own data: empty decisions, the public price list, a profile.

The demo's decisions are put aside under `samples/_seeds/`, never deleted, and never twice: what
stands in `seeds/` after the first time belongs to the user.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from psycopg import Connection

from loader import ledger, ledger_table
from loader.building import ensure_profile
from loader.content import hash_of
from loader.inputs import expand
from loader.project import Project

_STARTER_SEEDS = Path(__file__).parent / "starter_seeds"


@dataclass(frozen=True)
class Started:
    """What `start` changed; everything empty when the project was ready already."""

    put_aside: tuple[str, ...]
    written: tuple[str, ...]
    profile_written: bool


def start(project: Project) -> Started:
    """Put the demo's seeds aside, write the starter seeds and a profile; keep what is there.

    Safe to be killed and to be run again at any point.
    """
    profile_missing = not (project.root / "profiles.yml").exists()
    ensure_profile(project)
    aside = project.samples / "_seeds"
    put_aside: tuple[str, ...] = ()
    if not aside.is_dir():
        put_aside = tuple(sorted(path.name for path in project.seeds.glob("*.csv")))
        _copy_aside(project, aside)
    written = []
    for starter in sorted(_STARTER_SEEDS.glob("*.csv")):
        target = project.seeds / starter.name
        if not target.exists() or _is_demo(target, aside):
            if not _same(starter, target):
                written.append(starter.name)
            shutil.copyfile(starter, target)
    return Started(put_aside, tuple(written), profile_missing)


def withdraw_samples(connection: Connection, project: Project) -> int:
    """Take the demo's loads out of the marts, by their content; return how many there were.

    `connection` must not be in a transaction. Raises nothing when there is no ledger yet.
    """
    if not ledger_table.exists(connection):
        return 0
    with connection.transaction():
        return len(ledger.withdraw(connection, sample_loads(connection, project)))


def sample_loads(connection: Connection, project: Project) -> list[int]:
    """Return the visible loads whose bytes are those of a sample."""
    hashes = [hash_of(file) for file in expand([str(project.samples)])]
    rows = connection.execute(
        "select load_id from loader.loads where status = 'loaded' and sha256 = any(%s)"
        " order by load_id",
        [hashes],
    )
    return [load_id for (load_id,) in rows]


def _copy_aside(project: Project, aside: Path) -> None:
    """Copy the seeds to `aside` completely or not at all."""
    unfinished = aside.with_name("_seeds.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for path in project.seeds.glob("*.csv"):
        shutil.copyfile(path, unfinished / path.name)
    unfinished.rename(aside)


def _is_demo(seed: Path, aside: Path) -> bool:
    """Say whether a seed still is, byte for byte, the demo's."""
    return _same(seed, aside / seed.name)


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.read_bytes() == other.read_bytes()
