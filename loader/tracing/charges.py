"""What a usage record costs, at which price, and which team pays; and charges of no usage."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection

from loader import relations
from loader.tracing.facts import Row, read, shown


@dataclass(frozen=True)
class TracedCharge:
    """A charge with its price, team and rule; of a fixed charge also the row of the seed.

    Where price or team are missing, `price_fix` and `owner_fix` are the seed rows that would help.
    """

    charge: Row
    seed: Row | None = None


_TABLES = ("marts.fct_charges", "marts.dim_prices")
_CHARGE = """
    select charges.charge_id, charges.usage_id, charges.fixed_charge_id, charges.source_name,
        charges.account_key, charges.service_name, charges.charge_category,
        charges.charge_start_at, charges.charge_end_at, charges.charge_date,
        charges.billing_period, charges.meter_id, charges.resource_key, charges.resource_name,
        charges.quantity, charges.unit, charges.pricing_quantity, charges.pricing_unit,
        charges.list_unit_price, charges.contracted_unit_price, charges.list_cost,
        charges.contracted_cost, charges.effective_cost, charges.billed_cost, charges.currency,
        charges.price_id, charges.is_priced, charges.attribution_key,
        prices.reference as price_reference
    from marts.fct_charges as charges
    left join marts.dim_prices as prices on charges.price_id = prices.price_id
"""
_OF_USAGE = f"{_CHARGE} where charges.usage_id = %s"
_OF_ID = f"{_CHARGE} where charges.charge_id = %s"
_OWNER = """
    select owners.team, owners.rule_id, rules.attribute as rule_attribute,
        rules.operator as rule_operator, rules.value as rule_value, rules.note as rule_note
    from intermediate.int_allocation__owners as owners
    left join reference.attribution_rules as rules on owners.rule_id = rules.rule_id
    where owners.attribution_key = %(attribution_key)s
    and owners.valid_from <= %(charge_date)s and owners.valid_to > %(charge_date)s
    and owners.team is not null
"""
_NO_OWNER = {"team": "unallocated", "rule_id": None}
_UNPRICED = """
    select suggested_fix from marts.rpt_unpriced_usage
    where billing_period = %(billing_period)s and source_name = %(source_name)s
    and meter_id = %(meter_id)s and unit is not distinct from %(unit)s
"""
_UNALLOCATED = """
    select suggested_fix from marts.rpt_unallocated_costs
    where billing_period = %(billing_period)s and source_name = %(source_name)s
    and account_key = %(account_key)s and service_name is not distinct from %(service_name)s
    and resource_key is not distinct from %(resource_key)s
    and currency is not distinct from %(currency)s
"""
_SEED = "select * from reference.fixed_charges where fixed_charge_id = %s"


def charge_of_usage(connection: Connection[Any], usage_id: UUID) -> TracedCharge | None:
    """Return the charge of a usage record, None where it is charged nothing or was not built."""
    if relations.missing(connection, *_TABLES):
        return None
    found = read(connection, _OF_USAGE, [usage_id])
    return TracedCharge(_owned(connection, found[0])) if found else None


def charge_of_id(connection: Connection[Any], charge_id: UUID) -> TracedCharge:
    """Return a charge that there is, whatever it is for."""
    (charge,) = read(connection, _OF_ID, [charge_id])
    if charge["fixed_charge_id"] is None:
        return TracedCharge(_owned(connection, charge))
    seed = read(connection, _SEED, [charge["fixed_charge_id"]])
    return TracedCharge(_owned(connection, charge), shown(seed[0]) if seed else None)


def _owned(connection: Connection[Any], charge: Row) -> Row:
    """Return a charge with its team, and the seed rows that would give it what it lacks."""
    owners = _if_built(connection, "intermediate.int_allocation__owners", _OWNER, charge)
    facts = charge | (owners[0] if owners else _NO_OWNER) | {"price_fix": None, "owner_fix": None}
    if not charge["is_priced"]:
        fixes = _if_built(connection, "marts.rpt_unpriced_usage", _UNPRICED, charge)
        facts["price_fix"] = fixes[0]["suggested_fix"] if fixes else None
    if not owners:
        fixes = _if_built(connection, "marts.rpt_unallocated_costs", _UNALLOCATED, charge)
        facts["owner_fix"] = fixes[0]["suggested_fix"] if fixes else None
    return shown(facts)  # type: ignore[no-any-return]


def _if_built(connection: Connection[Any], relation: str, query: str, charge: Row) -> list[Row]:
    return read(connection, query, charge) if relations.exists(connection, relation) else []
