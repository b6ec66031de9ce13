"""Each way a decision can be wrong fails the test that guards it, and is named by file and line."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from databases import connect_to
from seed_mistakes import add_row, build_seeds, copy_seeds, failed_tests, first_row


@dataclass(frozen=True)
class Mistake:
    """A row like the seed's first one, but for some cells, and what a build says about it."""

    test: str
    seed: str
    column: str | None
    problem: str
    cells: dict[str, str] = field(default_factory=dict)


BACKWARDS = {"valid_from": "2026-02-01", "valid_to": "2026-01-01"}
ELSEWHERE = {"region": "elsewhere"}
_PRICE = "has a price below 0 or of 1,000,000,000 or more, or a block that is no number of units"
MISTAKES = (
    Mistake(
        "prices__do_not_overlap",
        "prices",
        None,
        "shares days with public-databricks-enterprise-all-purpose-compute,"
        " which holds from 2023-06-01 to 2026-10-01",
        {"price_id": "overlapping", "valid_from": "2023-01-01", "valid_to": "2023-06-02"},
    ),
    Mistake(
        "prices__periods_have_a_length",
        "prices",
        None,
        "ends before its first day is over",
        {"price_id": "empty", "valid_from": "2022-01-01", "valid_to": "2022-01-01"},
    ),
    Mistake(
        "prices__are_not_negative",
        "prices",
        None,
        _PRICE,
        {"price_id": "negative", "list_unit_price": "-1", "region": "nowhere"},
    ),
    Mistake(
        "prices__are_not_negative",
        "prices",
        None,
        _PRICE,
        {"price_id": "dear", "contracted_unit_price": "1000000000", "region": "space"},
    ),
    Mistake(
        "prices__are_not_negative",
        "prices",
        None,
        _PRICE,
        {"price_id": "no-block", "pricing_block": "0.0000000001", "region": "nowhere else"},
    ),
    Mistake(
        "relationships_prices_pricing_unit__unit__ref_focus_units_",
        "prices",
        "pricing_unit",
        "is not in focus_units.csv",
        {"price_id": "odd-unit", "pricing_unit": "DBU", "region": "odd"},
    ),
    Mistake(
        "fixed_charges__are_finite",
        "fixed_charges",
        None,
        "has an amount that is no number or too large, or prepaid_amount not above 0",
        {
            "fixed_charge_id": "boundless",
            "basis": "percent",
            "amount": "",
            "percent": "1000000",
        },
    ),
    Mistake(
        "invoices__are_complete",
        "invoices",
        None,
        "is not of a whole month, or lacks amount, tax, currency or reference,"
        " or has more tax than amount, or too large an amount",
        {"invoice_id": "endless", "amount": "1000000000000000"},
    ),
    Mistake(
        "relationships_prices_meter_id__meter_id__ref_meters_",
        "prices",
        "meter_id",
        "is not in meters.csv",
        {"price_id": "lost", "meter_id": "databricks:NO_SUCH_METER"},
    ),
    Mistake(
        "prices__currencies_are_codes",
        "prices",
        "currency",
        "is not a currency code",
        {"price_id": "odd-money", "currency": "usd", **ELSEWHERE},
    ),
    Mistake(
        "not_null_prices_list_unit_price",
        "prices",
        "list_unit_price",
        "is empty",
        {"price_id": "free", "list_unit_price": "", "region": "free"},
    ),
    Mistake(
        "meters__ids_are_source_and_key",
        "meters",
        None,
        "has an identifier that is not its source and key",
        {"meter_id": "spacelift:wrong", "meter_key": "right"},
    ),
    Mistake(
        "meters__levels_are_never_summed",
        "meters",
        "daily_aggregation",
        "adds up a level",
        {"meter_id": "databricks:lvl", "meter_key": "lvl", "kind": "level"},
    ),
    Mistake(
        "teams__are_lower_case_and_not_reserved",
        "teams",
        "team",
        "is not in lower case, or a word that means something else",
        {"team": "Shouting", "parent_team": ""},
    ),
    Mistake(
        "teams__form_a_tree",
        "teams",
        "parent_team",
        "leads back to itself: snake < tail < snake",
        {"team": "snake", "parent_team": "tail"},
    ),
    Mistake(
        "teams__form_a_tree",
        "teams",
        "parent_team",
        "leads back to itself: tail < snake < tail",
        {"team": "tail", "parent_team": "snake"},
    ),
    Mistake(
        "relationships_teams_parent_team__team__ref_teams_",
        "teams",
        "parent_team",
        "is not in teams.csv",
        {"team": "orphan", "parent_team": "nobody"},
    ),
    Mistake(
        "attribution_rules__name_a_known_team",
        "attribution_rules",
        None,
        "names a team that is not in teams.csv",
        {"rule_id": "to-nobody", "priority": "900", "team": "nobody"},
    ),
    Mistake(
        "attribution_rules__compare_with_something",
        "attribution_rules",
        "value",
        "is empty, so there is nothing to compare with",
        {"rule_id": "by-nothing", "operator": "equals", "value": ""},
    ),
    Mistake(
        "attribution_rules__attributes_are_known",
        "attribution_rules",
        "attribute",
        "is nothing a rule can look at",
        {"rule_id": "by-colour", "attribute": "colour"},
    ),
    Mistake(
        "attribution_rules__periods_have_a_length",
        "attribution_rules",
        "valid_to",
        "is not after valid_from",
        {"rule_id": "backwards", **BACKWARDS},
    ),
    Mistake(
        "attribution_rules__do_not_overlap",
        "attribution_rules",
        None,
        "shares days with tag-team, which holds from 2026-01-01 without an end",
        {"rule_id": "again", "valid_from": "2027-01-01"},
    ),
    Mistake(
        "attribution_rules__regular_expressions_are_valid",
        "attribution_rules",
        "value",
        "is not a regular expression",
        {"rule_id": "unbalanced", "operator": "regex", "value": 'acme-(a|b "c"'},
    ),
    Mistake(
        "attribution_rules__regular_expressions_are_valid",
        "attribution_rules",
        "value",
        "is not a regular expression",
        {"rule_id": "repeating", "operator": "regex", "value": "a{2,1}"},
    ),
    Mistake(
        "unique_attribution_rules_rule_id",
        "attribution_rules",
        "rule_id",
        "stands more than once",
        {"priority": "901"},
    ),
    Mistake(
        "is_declared_source_attribution_rules_source_name",
        "attribution_rules",
        "source_name",
        "is not a declared source",
        {"rule_id": "misspelt", "source_name": "spacelfit"},
    ),
    Mistake(
        "accepted_values_attribution_rules_operator__equals__prefix__regex__exists",
        "attribution_rules",
        "operator",
        "is not an accepted value",
        {"rule_id": "like", "operator": "like", "value": "a"},
    ),
    Mistake(
        "budgets__periods_have_a_length",
        "budgets",
        "period_end",
        "is not after period_start",
        {"period_start": "2026-10-02", "period_end": "2026-10-02"},
    ),
    Mistake(
        "budgets__thresholds_are_ascending_percentages",
        "budgets",
        "thresholds",
        "is no ascending list of percentages",
        {"period_start": "2027-01-01", "period_end": "2027-02-01", "thresholds": "95;50"},
    ),
    Mistake(
        "budgets__periods_do_not_overlap",
        "budgets",
        None,
        "shares days with 2026-10-01, which holds from 2026-10-01 to 2026-11-01",
        {"period_start": "2026-10-31", "period_end": "2026-11-01"},
    ),
    Mistake(
        "budgets__amounts_are_positive",
        "budgets",
        "amount",
        "is not above 0 and below 1,000,000,000,000,000",
        {"period_start": "2026-11-01", "period_end": "2026-12-01", "amount": "-1"},
    ),
    Mistake(
        "budgets__amounts_are_positive",
        "budgets",
        "amount",
        "is not above 0 and below 1,000,000,000,000,000",
        {"period_start": "2027-11-01", "period_end": "2027-12-01", "amount": "1000000000000000"},
    ),
    Mistake(
        "unique_combination_accounts_source_name__account_key",
        "accounts",
        None,
        "stands more than once",
    ),
    Mistake(
        "metronome_customer_aliases__lead_to_the_end",
        "metronome_customer_aliases",
        "customer_id",
        "is an alias itself",
        {"ingest_alias": "acct-1", "customer_id": "acct-10042"},
    ),
    Mistake(
        "is_declared_export_source_schedules_export_name",
        "source_schedules",
        "export_name",
        "is not a declared export",
        {"export_name": "tecton.billable_usage_v3"},
    ),
    Mistake(
        "source_schedules__newest_versions_stand_for_themselves",
        "source_schedules",
        "superseded_by",
        "is no export that stands for itself",
        {"export_name": "tecton.oldest", "superseded_by": "tecton.billable_usage_v1"},
    ),
    Mistake(
        "accepted_values_source_schedules_grain__hour__day",
        "source_schedules",
        "grain",
        "is not an accepted value",
        {"export_name": "tecton.week", "grain": "week"},
    ),
    Mistake(
        "source_schedules__late_comes_after_due",
        "source_schedules",
        "late_hours",
        "is before the usage is due",
        {"export_name": "tecton.hasty", "late_hours": "1"},
    ),
    Mistake(
        "accepted_values_source_schedules_zero_rule__later_usage__never",
        "source_schedules",
        "zero_rule",
        "is not an accepted value",
        {"export_name": "tecton.rule", "zero_rule": "always"},
    ),
    Mistake(
        "team_aliases__lead_to_the_end",
        "team_aliases",
        "team",
        "is an alias itself",
        {"alias": "growth-crew", "team": "growth-team"},
    ),
    Mistake(
        "shared_cost_rules__name_a_known_team",
        "shared_cost_rules",
        "from_team",
        "is not in teams.csv",
        {"rule_id": "of-nobody", "from_team": "nobody"},
    ),
    Mistake(
        "shared_cost_targets__have_not_passed_their_cost_on_before",
        "shared_cost_targets",
        None,
        "gets cost in a step in which, or after which, it passes its own on no more",
        {"team": "risk"},
    ),
    Mistake(
        "fixed_charges__credits_are_not_positive",
        "fixed_charges",
        None,
        "is a credit above 0",
        {"fixed_charge_id": "credit", "charge_category": "Credit"},
    ),
)


@dataclass(frozen=True)
class Built:
    """What a build said of seeds with every mistake in them, and the line of each mistake."""

    folder: Path
    lines: list[int]
    answer: dict[str, Any]

    def problem(self, number: int) -> dict[str, Any] | None:
        mistake, line = MISTAKES[number], self.lines[number]
        return next(
            (
                found
                for found in self.answer["problems"]
                if (found["test"], found["line"]) == (mistake.test, line)
            ),
            None,
        )


def first_of(seed: str) -> int | None:
    return None if seed == "team_aliases" else 0


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory, own_database: dict[str, str]) -> Built:
    folder = copy_seeds(tmp_path_factory.mktemp("seeds"))
    add_row(folder, "team_aliases", {"alias": "growth-team", "team": "growth"}, like=None)
    everything = {"rule_id": "all-of-risk", "from_team": "risk", "method": "even", "step": "1"}
    add_row(folder, "shared_cost_rules", everything, like=None)
    lines = [
        add_row(folder, mistake.seed, mistake.cells, like=first_of(mistake.seed))
        for mistake in MISTAKES
    ]
    # A file as a spreadsheet leaves it is a file as good as any.
    states = folder / "spacelift_run_states.csv"
    states.write_bytes(b"\xef\xbb\xbf" + states.read_bytes().replace(b"\n", b"\r\n"))
    return Built(folder, lines, build_seeds(folder, own_database))


@pytest.mark.parametrize(
    "number",
    range(len(MISTAKES)),
    ids=[f"{mistake.test}-{number}" for number, mistake in enumerate(MISTAKES)],
)
def test_the_mistake_is_named_by_file_and_line(number: int, spoilt: Built) -> None:
    mistake, found = MISTAKES[number], spoilt.problem(number)
    assert mistake.test in failed_tests(spoilt.answer)
    assert found is not None
    assert found["place"] == f"{spoilt.folder}/{mistake.seed}.csv"
    assert (found["column"], found["problem"]) == (mistake.column, mistake.problem)
    assert found["advice"]
    shown = {name: cell or "" for name, cell in found["cells"].items()}
    assert shown
    assert shown.items() <= (first_row(mistake.seed) | mistake.cells).items()


def test_every_failed_test_names_its_rows(spoilt: Built) -> None:
    # Tests that look at marts too fail here because none is built.
    found_rows = {failure["name"] for failure in spoilt.answer["failures"] if failure["compiled"]}
    assert found_rows == {found["test"] for found in spoilt.answer["problems"]}


def test_both_rows_of_a_pair_are_named(spoilt: Built) -> None:
    rows = [
        (found["line"], found["problem"], found["cells"])
        for found in spoilt.answer["problems"]
        if found["test"] == "attribution_rules__do_not_overlap" and found["line"] == 2
    ]
    assert (
        2,
        "shares days with again, which holds from 2027-01-01 without an end",
        {"rule_id": "tag-team", "valid_from": "2026-01-01", "valid_to": None},
    ) in rows


def test_postgresql_says_why_a_regular_expression_is_none(spoilt: Built) -> None:
    reasons = {
        found["cells"]["value"]: found["advice"].partition(";")[0]
        for found in spoilt.answer["problems"]
        if found["test"] == "attribution_rules__regular_expressions_are_valid"
    }
    assert reasons == {
        'acme-(a|b "c"': "invalid regular expression: parentheses () not balanced",
        "a{2,1}": "invalid regular expression: invalid repetition count(s)",
    }


def test_a_seed_with_a_mark_and_windows_line_ends_is_read_as_any(
    spoilt: Built, own_database: dict[str, str]
) -> None:
    assert not [found for found in spoilt.answer["problems"] if "run_states" in found["place"]]
    with connect_to(own_database) as connection:
        row = connection.execute(
            "select description from reference.spacelift_run_states where run_state = 'QUEUED'"
        ).fetchone()
    assert row == ("Waits for another run of the stack or for a worker.",)
