"""The rules that brought cost to its holder, as their seeds state them."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from loader.tracing.facts import Row, read, shown

_ATTRIBUTION = """
    select rule_id, priority, source_name as rule_source_name, attribute, operator, value,
        valid_from, valid_to, note
    from reference.attribution_rules
"""
_SHARED = """
    select rules.rule_id, rules.driver_meter_id, meters.unit as driver_unit, rules.valid_from,
        rules.valid_to, rules.note, rules.method as stated_method
    from reference.shared_cost_rules as rules
    left join reference.meters as meters on rules.driver_meter_id = meters.meter_id
"""
_SHARE = ("step", "from_team", "method", "base_quantity", "base_total", "ratio", "measured_on")


@dataclass(frozen=True)
class Rules:
    """Attribution rules and rules for shared cost, by their ids."""

    attribution: dict[str, Row]
    shared: dict[str, Row]

    def of_direct(self, way: Row) -> Row:
        """Return the rule that gave cost to its holder; nothing where none did."""
        if way["rule_id"] is None:
            return {"team": way["team"]}
        return {"team": way["team"], **self.attribution.get(way["rule_id"], {})}

    def of_share(self, way: Row) -> Row:
        """Return the rule that split a pool, what its last day was measured by, and the ratio.

        A fallback is in use where the rule states another method.
        """
        rule = dict(self.shared.get(way["rule_id"], {}))
        stated = rule.pop("stated_method", way["method"])
        facts = {"team": way["team"], **rule, **{name: shown(way[name]) for name in _SHARE}}
        return facts | ({} if stated == way["method"] else {"fallback_for": stated})


def read_rules(connection: Connection[Any]) -> Rules:
    """Return all rules of the last build."""
    return Rules(_by_id(read(connection, _ATTRIBUTION, [])), _by_id(read(connection, _SHARED, [])))


def _by_id(rows: list[Row]) -> dict[str, Row]:
    """Return what each rule states, empty cells left out."""
    return {
        row["rule_id"]: {name: shown(value) for name, value in row.items() if value is not None}
        for row in rows
    }
