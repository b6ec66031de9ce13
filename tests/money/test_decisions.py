"""The samples by other decisions: what is decided is what is charged, shared and explained."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

import psycopg
import pytest
from deciding import PROFILES, RATES, SHARES, Decided, deciding
from decisions import RATE
from splitting import Pool

JOBS = "tecton:TECTON_JOB_COMPUTE_HOURS"
FIXED = ("seats", "peak", "euros", "tax", "vat", "credit", "discount", "used-up", "expired")


@pytest.fixture(scope="module")
def decided(
    built_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Decided]:
    with deciding(built_environment, tmp_path_factory.mktemp("seeds")) as opened:
        yield opened


def one(connection: psycopg.Connection, query: str, *values: object) -> object:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


def test_a_missing_rate_is_a_failing_test_and_no_cost(decided: Decided) -> None:
    assert decided.failures_without_rate == [RATES]
    assert decided.without_rate == [(True, None, None, None)]


def test_a_rate_is_multiplied_before_the_only_rounding(decided: Decided) -> None:
    query = f"select round(contracted_unit_price * quantity * {RATE} / 1000000, 12)"
    query += f" - effective_cost from marts.fct_charges where meter_id = '{PROFILES}'"
    assert set(decided.after.execute(query.encode()).fetchall()) == {(Decimal(0),)}


CHARGES = """
    select charge_id, price_id, list_cost, contracted_cost, effective_cost, billed_cost, currency
    from marts.fct_charges where usage_id is not null
"""


def test_repricing_changes_only_what_the_new_prices_cover(decided: Decided) -> None:
    before, after = (
        {row[0]: row for row in connection.execute(CHARGES)}
        for connection in (decided.before, decided.after)
    )
    changed = [charge for charge in before if before[charge] != after[charge]]
    covered = decided.after.execute(
        "select charge_id from marts.fct_charges where usage_id is not null and meter_id = %s"
        " or (meter_id = %s and charge_date >= '2026-10-10' and charge_date < '2026-10-20')",
        [PROFILES, JOBS],
    ).fetchall()
    assert before.keys() == after.keys()
    assert sorted(map(str, changed)) == sorted(str(charge) for (charge,) in covered)


def test_repricing_is_explained_to_the_last_digit(decided: Decided) -> None:
    query = "select sum(contracted_cost) from marts.fct_charges where meter_id = %s"
    difference = one(decided.after, query, JOBS), one(decided.before, query, JOBS)
    explained = decided.after.execute(
        "select known_from::text, price_id, previous_price_id, delta, quantity,"
        " contracted_cost - previous_cost - delta from marts.fct_repricing order by known_from"
    ).fetchall()
    assert [row[:2] for row in explained] == [
        ("2026-11-01", "jobs-first-news"),
        ("2026-11-02", "jobs-later-news"),
    ]
    assert explained[1][2] == "jobs-first-news"
    assert sum(row[3] for row in explained) == difference[0] - difference[1]
    assert {row[5] for row in explained} == {Decimal(0)}
    assert explained[1][4] == one(
        decided.after,
        "select sum(quantity) from marts.fct_charges"
        " where meter_id = %s and charge_date = '2026-10-19'",
        JOBS,
    )


DIRECT = """
    select usage_date, account_key, meter_id, team, rule_id, is_idle, effective_cost, billed_cost
    from intermediate.int_allocation__lines
    where step = 0 and source_name = 'infrasage' and usage_date {} '2026-10-15'
    and meter_id not in ('infrasage:profile.events', 'infrasage:credits') order by 1, 2, 3, 4, 5, 6
"""


def test_a_rule_from_the_15th_leaves_the_first_fourteen_days_identical(decided: Decided) -> None:
    earlier, later = (
        [connection.execute(DIRECT.format(when).encode()).fetchall() for when in ("<", ">=")]
        for connection in (decided.before, decided.after)
    )
    assert earlier[0] == later[0]
    moved = [row for row in later[1] if row not in set(earlier[1])]
    assert {row[1:2] + row[3:5] for row in moved} == {
        ("acme-staging", "growth", "staging-from-the-15th")
    }
    assert {row[1:2] + row[3:5] for row in earlier[1] if row not in set(later[1])} == {
        ("acme-staging", "platform", "infrasage-staging")
    }


def test_a_rule_from_the_15th_moves_no_share_before_it(decided: Decided) -> None:
    own = decided.before.execute(SHARES).fetchall()
    split = date(2026, 10, 15)
    earlier, dated = (
        [row for row in rows if row[0] < split] for rows in (own, decided.shares_by_a_dated_rule)
    )
    assert earlier
    assert earlier == dated
    assert own != decided.shares_by_a_dated_rule


def test_a_shared_cost_rule_from_the_15th_takes_nothing_before(decided: Decided) -> None:
    rows = decided.after.execute(
        "select usage_date < '2026-10-15', taken_by_rule_id, count(*) > 0"
        " from intermediate.int_allocation__lines where team = 'platform' and step < 3"
        " and (taken_by_rule_id is null or taken_by_rule_id = 'platform-from-the-15th')"
        " group by 1, 2 order by 1, 2"
    ).fetchall()
    assert rows == [(False, "platform-from-the-15th", True), (True, None, True)]


def test_a_tag_that_is_an_alias_names_the_team(decided: Decided) -> None:
    query = (
        "select distinct owners.team from intermediate.int_allocation__owners as owners"
        " inner join marts.fct_usage_hourly using (attribution_key)"
        " where tags ->> 'team' = 'finance'"
    )
    assert [row[0] for row in decided.after.execute(query)] == ["platform"]
    assert "platform" not in [row[0] for row in decided.before.execute(query)]


def _fixed(connection: psycopg.Connection) -> dict[object, tuple[object, ...]]:
    rows = connection.execute(
        "select fixed_charge_id, sum(billed_cost), sum(effective_cost), count(*)"
        " from marts.fct_charges where fixed_charge_id = any(%s) group by 1",
        [list(FIXED)],
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def test_every_kind_of_fixed_charge_costs_what_was_agreed(decided: Decided) -> None:
    peak = one(
        decided.after,
        "select max(hourly) from (select sum(quantity) as hourly from marts.fct_usage_hourly"
        " where meter_id = 'spacelift:worker_count' group by usage_start_at) as hours",
    )
    base = one(
        decided.after,
        "select sum(contracted_cost) from marts.fct_charges"
        " where usage_id is not null and account_key = 'acme-staging'",
    )
    assert isinstance(peak, Decimal)
    assert isinstance(base, Decimal)
    discount = (base * Decimal("-0.075")).quantize(Decimal("1e-12"), "ROUND_HALF_UP")
    wanted = {
        "seats": Decimal("231.7"),
        "peak": peak * Decimal("17.77"),
        "euros": Decimal("108.37"),
        "discount": discount,
    }
    fixed = _fixed(decided.after)
    assert {name: fixed[name] for name in wanted} == {
        name: (amount, amount, 31) for name, amount in wanted.items()
    }
    assert fixed["tax"] == (Decimal("19.07"), Decimal("19.07"), 1)
    taxed = one(
        decided.after,
        "select sum(billed_cost) from marts.fct_charges where source_name = 'spacelift'"
        " and charge_category != 'Tax' and billing_period = '2026-10-01'",
    )
    assert isinstance(taxed, Decimal)
    vat = (taxed * Decimal("0.19")).quantize(Decimal("1e-12"), "ROUND_HALF_UP")
    assert fixed["vat"] == (vat, vat, 1)
    assert fixed["credit"] == (Decimal("-50.01"), Decimal("-50.01"), 1)


def test_prepaid_credits_are_drawn_down_by_use_and_expire(decided: Decided) -> None:
    daily = decided.after.execute(
        "select charge_date, sum(contracted_cost) from marts.fct_charges"
        " where usage_id is not null and source_name = 'infrasage' and account_key = 'acme-search'"
        " and is_priced group by 1 order by 1"
    ).fetchall()
    parts = decided.after.execute(
        "select fixed_charge_id, charge_category, charge_date, billed_cost,"
        " effective_cost - billed_cost from marts.fct_charges"
        " where fixed_charge_id in ('used-up', 'expired') order by 1, 3, 2"
    ).fetchall()
    drawn: dict[object, list[tuple[object, ...]]] = defaultdict(list)
    for name, category, day, billed, paid in parts:
        drawn[name, category].append((day, -billed, paid))
    left, covered = Decimal(100), []
    for day, cost in daily:
        if left:
            covered.append((day, min(cost, left)))
            left -= min(cost, left)
    assert [row[:2] for row in drawn["used-up", "Credit"]] == covered
    assert sum(row[2] for row in drawn["used-up", "Credit"]) == 90
    assert ("used-up", "Adjustment") not in drawn
    used = [(day, cost) for day, cost in daily if day.isoformat() >= "2026-10-16"]
    assert [row[:2] for row in drawn["expired", "Credit"]] == used
    assert all(
        abs(Fraction(paid) - Fraction(cost) * 4 / 5) < Fraction(1, 10**12)
        for _, cost, paid in drawn["expired", "Credit"]
    )
    (expiry,) = drawn["expired", "Adjustment"]
    assert str(expiry[0]) == "2026-10-31"
    assert expiry[2] + sum(row[2] for row in drawn["expired", "Credit"]) == 2000


def test_every_pool_is_split_by_largest_remainder(decided: Decided) -> None:
    rows = decided.after.execute(
        "select array[shared_cost_rule_id, from_team, usage_date::text, service_name, account_key,"
        " meter_id, is_idle::text], team, base_quantity, base_total, effective_cost"
        " from marts.fct_cost_shares"
    ).fetchall()
    pools: dict[tuple[str, ...], dict[str, tuple[Decimal, ...]]] = defaultdict(dict)
    for key, team, *amounts in rows:
        pools[tuple(key)][team] = tuple(amounts)
    assert len(pools) > 500
    for shares in pools.values():
        units = sum(cost for _, _, cost in shares.values()).scaleb(12)
        weights = {team: int(base.scaleb(18)) for team, (base, _, _) in shares.items()}
        pool = Pool(int(units), weights)
        assert {total.scaleb(18) for _, total, _ in shares.values()} == {pool.total}
        assert {team: Fraction(cost) for team, (_, _, cost) in shares.items()} == pool.shares()


def test_each_rule_reaches_whom_it_names_by_what_it_says(decided: Decided) -> None:
    rows = decided.after.execute(
        "select shared_cost_rule_id, method, string_agg(distinct team, ' ' order by team)"
        " from marts.fct_cost_shares group by 1, 2 order by 1"
    ).fetchall()
    # Who passes on a part alone bears shares as well; platform passes on all it has in step 3.
    products = "growth payments risk search"
    all_teams = "data-platform growth payments platform risk search"
    assert rows == [
        ("data-platform-by-weight", "fixed", "growth payments"),
        ("databricks-by-reads", "driver", "data-platform growth risk search"),
        ("observability", "direct_cost", products),
        ("platform-from-the-15th", "direct_cost", f"data-platform {products}"),
        ("seats-evenly", "even", all_teams),
        ("spacelift-idle-workers", "driver", all_teams),
        ("tecton-platform-fee", "driver", "data-platform growth risk search"),
    ]


def test_a_driver_of_another_source_is_the_base(decided: Decided) -> None:
    shares = decided.after.execute(
        "select distinct team, base_quantity from marts.fct_cost_shares"
        " where shared_cost_rule_id = 'databricks-by-reads' and usage_date = '2026-10-20'"
    ).fetchall()
    reads = decided.after.execute(
        "select owners.team, sum(quantity) from marts.fct_usage_hourly as usage_records"
        " inner join intermediate.int_allocation__owners as owners using (attribution_key)"
        " where meter_id = 'tecton:FEATURE_VIEW_ONLINE_READS'"
        " and usage_date >= valid_from and usage_date < valid_to"
        " and usage_date <= '2026-10-20' and owners.team is not null group by 1"
    ).fetchall()
    assert dict(shares) == dict(reads)
