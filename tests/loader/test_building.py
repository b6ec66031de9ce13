"""What a build says of nodes that failed: where, why in few lines, and how to see more."""

from types import SimpleNamespace

import pytest

from loader.building import BuildFailedError, BuildResult
from loader.dbt_run import Failure, summed_up
from loader.seeds import SeedProblem

UNIT_TEST = """actual differs from expected:

@@ ,team  ,cost
   ,growth,1
→  ,search,1→2
...,...   ,...

"""


def result(kind: str, name: str, status: str, message: str, failures: int = 0) -> SimpleNamespace:
    node = SimpleNamespace(
        resource_type=kind,
        name=name,
        original_file_path=f"models/{name}.yml",
        compiled_path=f"target/compiled/{name}.sql",
        depends_on=SimpleNamespace(nodes=["model.usage_costs.fct_charges"]),
    )
    return SimpleNamespace(node=node, status=status, message=message, failures=failures)


def built(*results: SimpleNamespace) -> BuildResult:
    run = summed_up(SimpleNamespace(results=results), 1.0)
    return BuildResult(run.passed, run.failures, run.skipped, run.seconds, run.warnings)


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (
            result("test", "costs_add_up", "fail", "Got 1200 results", 1200),
            (
                "models/costs_add_up.yml: data test costs_add_up\n"
                "  1,200 rows are wrong\n"
                "  its rows: loader db psql -f target/compiled/costs_add_up.sql"
            ),
        ),
        (
            result("unit_test", "fct__adds_up", "fail", UNIT_TEST, 1),
            (
                "models/fct__adds_up.yml: unit test fct__adds_up\n"
                "  @@ ,team  ,cost\n"
                "  →  ,search,1→2\n"
                "  dbt's own log: loader build --verbose --select fct__adds_up"
            ),
        ),
        (
            result(
                "model",
                "fct",
                "error",
                "Database Error in model fct (models/fct.sql)\n"
                "  duplicate key of jane@example.com\n"
                "  DETAIL:  Key (owner)=(jane) exists.\n  compiled code at target/run/fct.sql",
            ),
            (
                "models/fct.yml: model fct\n"
                "  duplicate key of ***\n"
                "  dbt's own log: loader build --verbose --select fct"
            ),
        ),
    ],
    ids=["data test", "unit test", "model"],
)
def test_a_failed_node_says_where_why_and_how_to_see_more(
    failed: SimpleNamespace, said: str
) -> None:
    answer = built(result("model", "good", "success", "SELECT 1"), failed)
    assert answer.explanation() == [said]
    assert answer.summary == "1 model passed, 1 failed"
    assert not answer.is_good


def test_a_warning_is_told_and_fails_nothing() -> None:
    answer = built(result("test", "seen", "warn", "Got 1 result", 1))
    assert answer.is_good
    assert answer.summary == "1 data test passed, 1 of them with a warning"
    assert answer.explanation() == [
        (
            "warning: models/seen.yml: data test seen\n"
            "  1 row is wrong\n"
            "  its rows: loader db psql -f target/compiled/seen.sql"
        )
    ]


def test_rows_of_seeds_stand_in_for_the_test_that_found_them() -> None:
    failures = [
        Failure("test", "rows", "seeds.yml", ""),
        *[Failure("model", "a", "a.sql", "b")] * 12,
    ]
    problem = SeedProblem("seeds/teams.csv", 3, "team", "is empty", "fill it in", {}, "rows")
    with pytest.raises(BuildFailedError) as raised:
        BuildResult({"seed": 1}, failures, 2, 1.0, problems=[problem]).raise_failures()
    lines = str(raised.value).splitlines()
    assert lines[:3] == ["seeds/teams.csv:3: team is empty", "  fill it in", "1 problem in 1 seed"]
    assert sum(line == "a.sql: model a" for line in lines) == 10
    assert lines[-2:] == [
        "2 more failures are not shown: loader build --verbose",
        "dbt build: 1 seed passed, 13 failed, 2 skipped",
    ]
