from collections.abc import Callable

import psycopg
import pytest

Run = Callable[..., tuple[int, str, str]]

PERIOD = ("--since", "2026-10-01", "--until", "2026-11-01")
BY_TENANT = ("--group-by", "tenant")

# Arguments, and the error they end with; exit code 2.
MISTAKES = [
    (
        ("--since", "October", "--until", "2026-11-01", *BY_TENANT),
        "error: --since: is no instant: 'October'\n  expected 2026-10-01 or 2026-10-01T00:00:00Z\n",
    ),
    (
        ("--since", "0001-01-01T00:00+14:00", "--until", "2026-11-01", *BY_TENANT),
        (
            "error: --since: is no instant: '0001-01-01T00:00+14:00'\n"
            "  expected 2026-10-01 or 2026-10-01T00:00:00Z\n"
        ),
    ),
    (
        ("--since", "2026-10-01", "--until", "2026-09-31", *BY_TENANT),
        (
            "error: --until: is no instant: '2026-09-31'\n"
            "  expected 2026-10-01 or 2026-10-01T00:00:00Z\n"
        ),
    ),
    (
        # Equal instants: an empty half-open period.
        ("--since", "2026-10-01T02:00+02:00", "--until", "2026-10-01", *BY_TENANT),
        (
            "error: --since: 2026-10-01T02:00+02:00 is not before --until 2026-10-01\n"
            "  the period is [since, until): it ends before --until\n"
        ),
    ),
    (
        (*PERIOD, *BY_TENANT, "--source", "aws"),
        (
            "error: --source: aws: no source of this name is declared\n"
            "  declared sources: databricks, infrasage, metronome, spacelift, tecton\n"
        ),
    ),
]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("arguments", "error"), MISTAKES)
def test_wrong_usage_is_explained(run: Run, arguments: tuple[str, ...], error: str) -> None:
    assert run("breakdown", *arguments) == (2, "", error)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((*PERIOD, "--group-by", "colour"), ("'colour'", "'service_id'")),
        (PERIOD, ("--group-by", "service_id")),
        (("--until", "2026-11-01", *BY_TENANT), ("--since",)),
    ],
)
def test_an_unknown_or_missing_option_names_the_choices(
    run: Run, arguments: tuple[str, ...], named: tuple[str, ...]
) -> None:
    code, out, err = run("breakdown", *arguments)
    assert (code, out) == (2, "")
    assert [word for word in named if word not in err] == []


@pytest.mark.usefixtures("database")
def test_services_by_event_type_are_what_no_export_knows(run: Run) -> None:
    groups = ("--group-by", "service_id", "--group-by", "event_type")
    assert run("breakdown", *PERIOD, *groups) == (
        2,
        "",
        (
            "error: --group-by: InfraSage tells services or event types apart, not both at once\n"
            "  ask twice, with one --group-by each\n"
        ),
    )


@pytest.mark.usefixtures("database")
def test_a_database_that_was_not_built_says_so(run: Run) -> None:
    assert run("breakdown", *PERIOD, *BY_TENANT) == (
        2,
        "",
        "error: the database has no marts.fct_usage_hourly and 4 more\n  run make build first\n",
    )


def test_nothing_is_written(run: Run, connect: Callable[[], psycopg.Connection]) -> None:
    connection = connect()
    run("breakdown", *PERIOD, *BY_TENANT)
    schemas = connection.execute(
        "select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$|^public$'"
    ).fetchall()
    assert schemas == []
