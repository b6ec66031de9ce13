"""Decisions unlike the samples' own: prices, rules, charges and shares of every kind at once."""

import csv
from pathlib import Path

import sample_totals

Row = dict[str, str]
_PROFILES, _JOBS = "infrasage:profile.events", "tecton:TECTON_JOB_COMPUTE_HOURS"
RATE = "1.0837"
_FEE = {"currency": "USD", "period_start": "2026-10-01", "period_end": "2026-11-01"}
_SPACELIFT = {"source_name": "spacelift", "account_key": "default", "meter_id": "spacelift:seats"}
_NONE = {"method": "driver", "driver_meter_id": "tecton:NOBODY_USES_THIS"}


def read(folder: Path, seed: str) -> list[Row]:
    with (folder / f"{seed}.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def write(folder: Path, seed: str, rows: list[Row]) -> None:
    columns = (sample_totals.SEEDS / f"{seed}.csv").read_text(encoding="utf-8").splitlines()[0]
    with (folder / f"{seed}.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns.split(","), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def add(folder: Path, seed: str, *rows: Row) -> None:
    write(folder, seed, [*read(folder, seed), *rows])


def decide(folder: Path) -> None:
    """Write all seeds into the folder; the rate of euros is still missing."""
    _copy(folder)
    _price(folder)
    _own(folder)
    _meter(folder)
    _fix(folder)
    _share(folder)


def own_from_the_15th(folder: Path) -> None:
    """Write the samples' own seeds and one rule, dated from the 15th."""
    _copy(folder)
    _own(folder)


def know_the_rate(folder: Path) -> None:
    rate = {"billing_period": "2026-10-01", "from_currency": "EUR", "to_currency": "USD"}
    add(folder, "exchange_rates", rate | {"rate": RATE})


def _copy(folder: Path) -> None:
    for path in sample_totals.SEEDS.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())


def _price(folder: Path) -> None:
    prices = read(folder, "prices")
    for price in prices:
        if price["meter_id"] == _PROFILES:
            price["currency"] = "EUR"
    (jobs,) = (price for price in prices if price["meter_id"] == _JOBS)
    middle = {"valid_from": "2026-10-10", "valid_to": "2026-10-20"}
    news = jobs | middle | {"contracted_unit_price": "0.987", "known_from": "2026-11-01"}
    later = news | {"contracted_unit_price": "1.31", "valid_from": "2026-10-19"}
    write(folder, "prices", prices)
    add(
        folder,
        "prices",
        news | {"price_id": "jobs-first-news"},
        later | {"price_id": "jobs-later-news", "known_from": "2026-11-02"},
        later | {"price_id": "jobs-not-known-yet", "known_from": "2999-01-01"},
    )


def _own(folder: Path) -> None:
    add(folder, "team_aliases", {"alias": "finance", "team": "platform"})
    rule = {"rule_id": "staging-from-the-15th", "priority": "5", "source_name": "infrasage"}
    matches = {"attribute": "account_key", "operator": "equals", "value": "acme-staging"}
    dated = {"team": "growth", "valid_from": "2026-10-15"}
    add(folder, "attribution_rules", rule | matches | dated)


def _meter(folder: Path) -> None:
    meter = {"source_name": "spacelift", "service_name": "Seats", "unit": "Seats", "kind": "flow"}
    meter |= {"role": "cost", "daily_aggregation": "sum"}
    add(
        folder,
        "meters",
        meter | {"meter_id": "spacelift:seats", "meter_key": "seats"},
        meter
        | {"meter_id": "tecton:NOBODY_USES_THIS", "meter_key": "NOBODY_USES_THIS"}
        | {"source_name": "tecton", "role": "driver"},
        meter
        | {"meter_id": "infrasage:credits", "meter_key": "credits"}
        | {"source_name": "infrasage"},
    )


def _fix(folder: Path) -> None:
    charge = _FEE | _SPACELIFT | {"charge_category": "Purchase", "charge_frequency": "Recurring"}
    spread, once = charge | {"is_amortised": "true"}, charge | {"is_amortised": "false"}
    search = {"source_name": "infrasage", "account_key": "acme-search"}
    search |= {"meter_id": "infrasage:credits", "charge_frequency": "One-Time"}
    amounts = [
        spread
        | {"fixed_charge_id": "seats", "basis": "quantity", "unit_price": "33.1", "quantity": "7"},
        spread
        | {"fixed_charge_id": "peak", "basis": "peak", "unit_price": "17.77"}
        | {"basis_meter_id": "spacelift:worker_count"},
        spread
        | {"fixed_charge_id": "euros", "basis": "amount", "amount": "100", "currency": "EUR"},
        once
        | {"fixed_charge_id": "tax", "basis": "amount", "amount": "19.07"}
        | {"charge_category": "Tax"},
        # In the currency of its base, whatever the row says.
        once
        | {"fixed_charge_id": "vat", "basis": "percent_of_source", "percent": "19"}
        | {"charge_category": "Tax", "currency": "EUR"},
        once
        | {"fixed_charge_id": "credit", "basis": "amount", "amount": "-50.01"}
        | {"charge_category": "Credit", "charge_class": "Correction"},
        spread
        | {"fixed_charge_id": "discount", "basis": "percent", "percent": "-7.5"}
        | {"source_name": "infrasage", "account_key": "acme-staging"}
        | {"meter_id": "infrasage:credits", "charge_category": "Credit"},
        once
        | search
        | {"fixed_charge_id": "used-up", "basis": "amount", "amount": "90"}
        | {"prepaid_amount": "100", "period_end": "2026-10-16"},
        once
        | search
        | {"fixed_charge_id": "expired", "basis": "amount", "amount": "2000"}
        | {"prepaid_amount": "2500", "period_start": "2026-10-16"},
    ]
    add(folder, "fixed_charges", *amounts)


def _share(folder: Path) -> None:
    rules = [
        {"rule_id": "databricks-by-reads", "step": "1", "from_team": "unallocated"}
        | {"source_name": "databricks", "method": "driver"}
        | {"driver_meter_id": "tecton:FEATURE_VIEW_ONLINE_READS", "fallback": "keep"},
        {"rule_id": "seats-evenly", "step": "2", "meter_id": "spacelift:seats"}
        | _NONE
        | {"fallback": "even"},
        {"rule_id": "legacy-stays", "step": "2", "from_team": "unallocated"}
        | {"source_name": "infrasage"}
        | _NONE
        | {"fallback": "keep"},
        {"rule_id": "platform-from-the-15th", "step": "3", "from_team": "platform"}
        | {"method": "direct_cost", "valid_from": "2026-10-15"},
        {"rule_id": "data-platform-by-weight", "step": "4", "from_team": "data-platform"}
        | {"method": "fixed"},
    ]
    add(folder, "shared_cost_rules", *rules)
    weights = {"growth": "1", "payments": "2.5", "risk": "0"}
    add(
        folder,
        "shared_cost_targets",
        *(
            {"rule_id": "data-platform-by-weight", "team": team, "weight": weight}
            for team, weight in weights.items()
        ),
    )
