"""The defects that tests/plant_defects.py plants, each with the test that must fail for it."""

from dataclasses import dataclass

_CHARGES = "models/intermediate/charges/int_charges__"
_ALLOCATION = "models/intermediate/allocation/int_allocation__"
_COST = "macros/cost_at.sql"
_CHOICE = "macros/price_choice.sql"
_SPLIT = "macros/split_exactly.sql"
_OWNED = "int_allocation__owned+,+fct_allocated_costs_daily"
_SHARED = "int_allocation__lines"
_PRICED = "int_charges__due+,+fct_charges"

# One price, and two versions of it that became known later.
_WRITE_ROWS = (
    "tecton:ONLINE_WRITE_ROWS,,,USD,0.000006,0.000005,Rows,1,2026-01-01,,,"
    "Acme sample contract 2026\n"
)
_LATER_WRITE_ROWS = "".join(
    f"write-rows-{day},tecton:ONLINE_WRITE_ROWS,,,USD,0.000006,{price},Rows,1,2026-01-01,,"
    f"2026-10-{day},A later version\n"
    for day, price in ((10, "0.000004"), (20, "0.000003"))
)


@dataclass(frozen=True)
class Edit:
    """A piece of a file, which must be there once or more, and what takes its place."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class Defect:
    """A mistake, and the test that finds it once the models selected were built.

    `then` is changed after the models were built with the mistake, and they are built again. A test
    with two colons is pytest's; any other one is dbt's.
    """

    name: str
    edit: Edit
    caught_by: str
    models: tuple[str, ...] = ()
    then: Edit | None = None


def _defect(name: str, file: str, before: str, after: str, caught_by: str, *models: str) -> Defect:
    return Defect(name, Edit(file, before, after), caught_by, models)


DEFECTS = (
    _defect(
        "prices are multiplied as floats",
        _COST,
        "{{ prices }}.{{ price }} * {{ quantity }}",
        "({{ prices }}.{{ price }}::float8 * {{ quantity }}::float8)::numeric",
        "tests/money/test_any_price.py::test_a_charge_is_the_exact_product_rounded_once",
    ),
    _defect(
        "quantities are rounded before they are priced",
        _COST,
        "* {{ quantity }}",
        "* round({{ quantity }}, 4)",
        "assert_usage_survives_pricing",
        _PRICED,
    ),
    _defect(
        "a price of any cloud holds",
        _CHOICE,
        "({{ prices }}.cloud is null or {{ accounts }}.cloud = {{ prices }}.cloud)",
        "true",
        "int_charges__prices_in_force__closest_price_holds",
    ),
    _defect(
        "what has no price costs 0",
        _COST,
        "{{ prices }}.{{ price }} * {{ quantity }} * {{ exchange_rate }}"
        " / {{ prices }}.pricing_block",
        "coalesce({{ prices }}.{{ price }} * {{ quantity }} * {{ exchange_rate }}"
        " / {{ prices }}.pricing_block, 0)",
        "int_charges__usage__no_price_is_null",
    ),
    _defect(
        "a missing exchange rate is 1",
        "macros/reporting_currency.sql",
        "else {{ rates }}.rate",
        "else coalesce({{ rates }}.rate, 1)",
        "int_charges__prices_in_force__closest_price_holds",
    ),
    _defect(
        "a price holds on the day it ends",
        _CHOICE,
        "{{ usage_date }} < {{ prices }}.valid_to",
        "{{ usage_date }} <= {{ prices }}.valid_to",
        "int_charges__prices_in_force__change_at_midnight_utc",
    ),
    _defect(
        "a replaced version of a price list is believed",
        _CHOICE,
        "{{ known_from }} desc nulls last",
        "{{ known_from }} asc nulls first",
        "int_charges__prices_in_force__closest_price_holds",
    ),
    Defect(
        "charges of a changed price are kept",
        Edit(f"{_CHARGES}due.sql", "|| coalesce(prices.price_digest, '')", ""),
        "assert_usage_survives_pricing",
        ("prices+,+fct_charges",),
        then=Edit("seeds/prices.csv", "USD,1.25,1.10,", "USD,1.25,1.11,"),
    ),
    _defect(
        "what later versions say is held against earlier ones",
        f"{_CHARGES}beliefs.sql",
        "            and (prices.known_from is null or news.known_from >= prices.known_from)\n",
        "",
        "int_charges__beliefs__tell_before_from_since",
    ),
    _defect(
        "a fixed charge is spread from its second day",
        f"{_CHARGES}fixed.sql",
        "            1,\n            case when",
        "            2,\n            case when",
        "assert_fixed_charges_survive_spreading",
        "int_charges__fixed+,+fct_charges",
    ),
    _defect(
        "credits that were used are added to the bill",
        f"{_CHARGES}prepaid.sql",
        "(-covered_cost)::",
        "covered_cost::",
        "int_charges__prepaid__is_cost_as_it_is_used",
    ),
    _defect(
        "the end of an hour belongs to the next hour",
        "models/intermediate/usage/int_usage__databricks.sql",
        "hour_ends_at - interval '1 millisecond'",
        "hour_ends_at",
        "int_usage__databricks__hour_ends_belong_to_that_hour",
    ),
    _defect(
        "an owner holds on the day the next one begins",
        f"{_ALLOCATION}owned.sql",
        "daily.usage_date < owners.valid_to",
        "daily.usage_date <= owners.valid_to",
        "assert_costs_survive_allocation",
        _OWNED,
    ),
    _defect(
        "owners are found by a part of the key",
        f"{_ALLOCATION}owned.sql",
        "            and daily.usage_date >= owners.valid_from\n"
        "            and daily.usage_date < owners.valid_to\n",
        "",
        "assert_costs_survive_allocation",
        _OWNED,
    ),
    _defect(
        "what nobody owns is left out",
        f"{_ALLOCATION}owned.sql",
        "left join owners",
        "inner join owners",
        "assert_costs_survive_allocation",
        _OWNED,
    ),
    _defect(
        "the last rule that matches owns",
        f"{_ALLOCATION}owners.sql",
        "matched.priority asc",
        "matched.priority desc",
        "int_allocation__owners__first_match_of_the_day_wins",
    ),
    _defect(
        "idle workers are counted twice",
        f"{_ALLOCATION}direct.sql",
        "else fees.effective_cost - round(fees.effective_cost * fees.idle_ratio, 12)",
        "else fees.effective_cost",
        "assert_costs_survive_allocation",
        "int_allocation__direct+,+fct_allocated_costs_daily",
    ),
    _defect(
        "shares are measured by all days",
        f"{_ALLOCATION}weights.sql",
        "            and candidates.usage_date = bases.usage_date\n",
        "",
        "int_allocation__weights__each_method_has_its_base",
    ),
    _defect(
        "cost that was passed on stays as well",
        "models/marts/fct_allocated_costs_daily.sql",
        "    where taken_by_rule_id is null\n",
        "",
        "assert_costs_survive_allocation",
        "fct_allocated_costs_daily",
    ),
    _defect(
        "a pool takes no more than its first step",
        f"{_ALLOCATION}lines.sql",
        "for earlier in range(step)",
        "for earlier in range(1)",
        "tests/money/test_any_sharing.py::test_what_is_borne_in_the_end_is_what_was_charged",
    ),
    _defect(
        "shares are without the remainder",
        _SPLIT,
        "then 1",
        "then 0",
        "assert_shares_are_the_pool",
        _SHARED,
    ),
    _defect(
        "shares are of rounded ratios",
        f"{_ALLOCATION}lines.sql",
        "'weights.base_quantity', 'weights.base_total'",
        "'round(weights.ratio, 4)', '1'",
        "assert_shares_follow_their_base",
        _SHARED,
    ),
    _defect(
        "ties of remainders are broken by chance",
        _SPLIT,
        ', {{ tie }} collate "C" asc',
        "",
        "tests/money/test_any_split.py::test_parts_are_the_whole_and_each_is_as_near_as_can_be",
    ),
    _defect(
        "credits are shared with the wrong sign",
        _SPLIT,
        "sign({{ amount }}) * (",
        "(",
        "tests/money/test_any_split.py::test_parts_are_the_whole_and_each_is_as_near_as_can_be",
    ),
    Defect(
        "a version of a price list is held against the first one",
        Edit(
            f"{_CHARGES}beliefs.sql",
            "where price_known_from is distinct from known_from",
            "where price_known_from is null",
        ),
        "assert_beliefs_lead_to_prices_in_force",
        ("prices", "dim_prices", "int_charges__beliefs", "int_charges__prices_in_force"),
        then=Edit("seeds/prices.csv", _WRITE_ROWS, _WRITE_ROWS + _LATER_WRITE_ROWS),
    ),
    _defect(
        "shares that stay with who passed them on are left out",
        "models/marts/fct_cost_shares.sql",
        "where step > 0",
        "where step > 0 and team != from_team",
        "assert_lines_end_in_allocated_costs",
        "fct_cost_shares",
    ),
)
