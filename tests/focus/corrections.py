"""The official FOCUS 1.2 rules with those encodings put right that contradict their own text.

Each correction names the rule, what its text says, and what the encoding of rule set 1.2.0.1 does
instead. Nothing is switched off because it fails: what is made dynamic cannot be told from data.
"""

import json
from pathlib import Path
from typing import Any

Rule = dict[str, Any]

NO_CORRECTION = {
    "CheckFunction": "CheckNotValue",
    "ColumnName": "ChargeClass",
    "Value": "Correction",
}
NOT_UNUSED = {
    "CheckFunction": "CheckNotValue",
    "ColumnName": "CommitmentDiscountStatus",
    "Value": "Unused",
}


def is_value(column: str, value: str | None) -> Rule:
    return {"CheckFunction": "CheckValue", "ColumnName": column, "Value": value}


def is_not(column: str, value: str | None) -> Rule:
    return {"CheckFunction": "CheckNotValue", "ColumnName": column, "Value": value}


def both(*conditions: Rule) -> Rule:
    return {"CheckFunction": "AND", "Items": list(conditions)}


def either(*conditions: Rule) -> Rule:
    return {"CheckFunction": "OR", "Items": list(conditions)}


# "is not X" becomes IS NOT NULL AND <> X, which is false for nearly every row: ChargeClass is null
# unless a charge is a correction. So prices and quantities may be null, and no product is checked.
NULL_SAFE = (NO_CORRECTION, NOT_UNUSED)

USED = both(is_not("CommitmentDiscountId", None), is_value("ChargeCategory", "Usage"))
# FOCUS_Spec #2393, #2394, #2418; focus_validator #142. InvoiceId: no public issue found.
CONDITIONS: dict[str, Rule] = {
    # "when ChargeClass is not Correction"; the encoding has the opposite.
    "ConsumedQuantity-C-006-C": either(is_value("ChargeClass", None), NO_CORRECTION),
    # "when CommitmentDiscountId is not null and Charge Category is Usage"; the encoding: is null.
    "CommitmentDiscountStatus-C-004-C": USED,
    # Conditions under a key the engine does not read, so that they always hold.
    "CapacityReservationStatus-C-003-C": is_value("CapacityReservationId", None),
    "CapacityReservationStatus-C-004-C": both(
        is_not("CapacityReservationId", None), is_value("ChargeCategory", "Usage")
    ),
}
REQUIREMENTS: dict[str, Rule] = {
    # "MUST be a valid decimal value" of its own column; the encoding looks at a price.
    "PricingCurrencyEffectiveCost-C-004-M": is_not("PricingCurrencyEffectiveCost", None),
    # The specification's values are Used and Unused.
    "CommitmentDiscountStatus-C-005-M": either(
        is_value("CommitmentDiscountStatus", "Used"), is_value("CommitmentDiscountStatus", "Unused")
    ),
}
# "MUST be null when ...", "MUST NOT be null when ...": whether a charge is associated with an
# invoice is not in the data, and both are encoded without their "when", so one always fails.
DYNAMIC = ("InvoiceId-C-004-C", "InvoiceId-C-005-C")


def correct(rules: Path, folder: Path) -> int:
    """Write a corrected copy of a rule set to `folder`; return the number of places corrected."""
    model = json.loads(rules.read_text(encoding="utf-8"))
    found = model["ModelRules"]
    places = 0
    for rule in found.values():
        criteria = rule["ValidationCriteria"]
        condition, changed = _null_safe(criteria["Condition"])
        criteria["Condition"] = condition
        places += changed
    for name, condition in CONDITIONS.items():
        found[name]["ValidationCriteria"]["Condition"] = condition
    for name, requirement in REQUIREMENTS.items():
        found[name]["ValidationCriteria"]["Requirement"] = requirement
    for name in DYNAMIC:
        found[name]["Type"] = "Dynamic"
        found[name]["ValidationCriteria"]["Requirement"] = {}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / rules.name).write_text(json.dumps(model), encoding="utf-8")
    return places + len(CONDITIONS) + len(REQUIREMENTS) + len(DYNAMIC)


def _null_safe(condition: Any) -> tuple[Any, int]:  # noqa: ANN401  # a piece of JSON
    if condition in NULL_SAFE:
        return either(is_value(condition["ColumnName"], None), condition), 1
    if isinstance(condition, dict) and "Items" in condition:
        items = [_null_safe(item) for item in condition["Items"]]
        corrected = condition | {"Items": [item for item, _changed in items]}
        return corrected, sum(changed for _item, changed in items)
    return condition, 0
