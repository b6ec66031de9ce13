"""Builds what other seeds change, and only that, in scratch schemas; reads the rest where it is.

dbt defers to the real schemas for every model that no changed seed leads to. So usage is not made
anew for other prices, and the two sides differ by nothing but the seeds.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from pathlib import Path

from psycopg import Connection

from loader.building import (
    BuildResult,
    current_seeds,
    ensure_profile,
    explained,
    one_at_a_time,
)
from loader.connection import connect, dbt_environment
from loader.dbt_run import OnNode, invoke, summed_up
from loader.errors import DataRefusedError, LoaderError, NotFoundError
from loader.project import Project
from loader.seeds import Seed, check_seeds, read_seeds
from loader.supposing.comparison import Comparison, compare
from loader.supposing.scratch import scratch, scratch_folder
from loader.supposing.seeds import put_together

_COSTS = ("rpt_costs_monthly", "rpt_unpriced_usage")
_LAST_BUILD = """
    select started_at from loader.builds where schema_prefix = '' order by build_id desc limit 1
"""


@dataclass(frozen=True)
class Supposition:
    """What was compared: the seeds that differ, and the schemas' prefix where they were kept."""

    changed_seeds: Sequence[str]
    comparison: Comparison
    kept: str | None = None


def suppose(  # noqa: PLR0913  # one for each thing a person may say
    project: Project,
    seeds: Path,
    *,
    cost: str = "effective_cost",
    month: date | None = None,
    keep: bool = False,
    on_node: OnNode | None = None,
) -> Supposition:
    """Build with the seeds of a folder beside the marts and compare the costs of the teams.

    Seeds missing in the folder are the project's. Neither marts, raw tables nor ledger are touched,
    and the scratch schemas are dropped unless they are to be kept. Raises `DataRefusedError` with
    the rows where the seeds fail their tests, `LoaderError` where the marts are not of the last
    loads, models and seeds, `NotFoundError` for a month without cost, and `UsageError` for a
    folder that is none.
    """
    ensure_profile(project)
    with connect(project, autocommit=True) as connection, one_at_a_time(connection):
        base = _base(connection, project)
        with (
            scratch(connection, keep=keep) as schema,
            scratch_folder(project.root / "target" / schema) as folder,
        ):
            changed = put_together(seeds, base, folder / "seeds")
            if changed:
                declared = _named(seeds, project, base, read_seeds(project, folder / "seeds"))
                target = _Target(folder, schema, changed, declared)
                _build(connection, project, target, on_node)
            found = compare(connection, schema if changed else None, cost, month)
            if month is not None and not found.teams:
                raise _no_cost(connection, cost, month)
            return Supposition(changed, found, schema if keep and changed else None)


def _no_cost(connection: Connection, cost: str, month: date) -> NotFoundError:
    """Return the error on a month in which neither side has any cost."""
    months = connection.execute(
        "select distinct to_char(billing_period, 'YYYY-MM') from marts.rpt_costs_monthly order by 1"
    ).fetchall()
    message = f"there is no {cost} in {month:%Y-%m}, with these seeds or without"
    listed = ", ".join(name for (name,) in months)
    return NotFoundError(message, f"months with cost: {listed}" if months else "no month has any")


@dataclass(frozen=True)
class _Target:
    folder: Path
    schema: str
    changed: Sequence[str]
    seeds: Sequence[Seed]


def _base(connection: Connection, project: Project) -> Path:
    """Return the seeds the marts were built with, which are then what to compare with."""
    if (folder := current_seeds(connection, project)) is None:
        message = "the marts are not of these loads, models and seeds"
        hint = "both sides would differ by more than the seeds: make build first"
        raise LoaderError(message, hint)
    return folder


def _build(
    connection: Connection, project: Project, target: _Target, on_node: OnNode | None
) -> None:
    _refuse(BuildResult({}, (), 0, 0, problems=check_seeds(connection, target.seeds)))
    environment = _environment(connection, project, target)
    invoke(project, ["parse"], environment, quiet=True)
    state = _real_state(target)
    costs = [f"{seed}+,+{model}" for seed in target.changed for model in _COSTS]
    arguments = [
        *("build", "--select", "resource_type:seed", *costs),
        *("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"),
        *("--defer", "--favor-state", "--state", str(state)),
    ]
    run = summed_up(invoke(project, arguments, environment, quiet=True, on_node=on_node), 0)
    reference = f"{target.schema}_reference"
    result = explained(connection, project, run, target.seeds, schema=reference)
    failures = [replace(failure, is_kept=False) for failure in result.failures]
    _refuse(replace(result, failures=failures))


def _refuse(result: BuildResult) -> None:
    """Raise `DataRefusedError` with what is wrong, unless nothing is."""
    if result.problems or result.failures or result.skipped:
        message = "these seeds do not build"
        raise DataRefusedError(message, *"\n".join(result.explanation()).splitlines())


def _named(own: Path, project: Project, base: Path, seeds: Sequence[Seed]) -> tuple[Seed, ...]:
    """Return the seeds by the places of their own files, of which the folder holds copies."""
    files = {seed.name: seed.place for seed in read_seeds(project, base)}
    given = {path.stem: path.as_posix() for path in own.glob("*.csv")}
    return tuple(replace(seed, place=(files | given)[seed.name]) for seed in seeds)


def _environment(connection: Connection, project: Project, target: _Target) -> Mapping[str, str]:
    """Return dbt's environment: its own schemas and folders, and the moment of the last build."""
    environment = {
        **dbt_environment(project),
        "DO_NOT_TRACK": "1",
        "DBT_SCHEMA": target.schema,
        "LOADER_SEEDS": (target.folder / "seeds").relative_to(project.root).as_posix(),
        "DBT_TARGET_PATH": str(target.folder / "dbt"),
        "DBT_LOG_PATH": str(target.folder / "logs"),
    }
    last = connection.execute(_LAST_BUILD).fetchone()
    if last is not None and not os.environ.get("LOADER_AS_OF"):
        environment["LOADER_AS_OF"] = last[0].astimezone(UTC).isoformat()
    return environment


def _real_state(target: _Target) -> Path:
    """Return a folder with the manifest of the real schemas: of these, without their prefix."""
    state = target.folder / "state"
    state.mkdir()
    manifest = (target.folder / "dbt" / "manifest.json").read_text(encoding="utf-8")
    real = manifest.replace(f"{target.schema}_", "")
    (state / "manifest.json").write_text(real, encoding="utf-8")
    return state
