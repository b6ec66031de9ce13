"""What `trace` found, in words: blocks of the chain, each with one thing per line."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import typer

from loader.decimals import plain_number
from loader.one_line import on_one_line
from loader.tracing import Fate, Kind, Original, TracedCharge, TracedLine, TracedUsage
from loader.tracing.facts import Row

_MAX_SHOWN = 300
_MAX_OTHERS = 3
_NOT_BUILT = "not built yet: make build"
_REMADE = "the marts hold what was before until the next build: make build"
_KINDS = {
    Kind.HEADER: "the header: it names the columns and is no record",
    Kind.BLANK: "blank: counted in the ledger, neither loaded nor refused",
    Kind.BETWEEN: "not where a record begins: a bracket, or part of what is around it",
}


class Block(NamedTuple):
    """One link of the chain: what it is, and its facts as label and value."""

    name: str
    facts: list[tuple[str, str]]


def print_chain(blocks: Sequence[Block]) -> None:
    """Print the blocks, labels and values in columns."""
    names = max(len(block.name) for block in blocks)
    labels = max(len(label) for block in blocks for label, _ in block.facts)
    for block in blocks:
        for number, (label, value) in enumerate(block.facts):
            name = "" if number else block.name
            typer.echo(f"{name:<{names}}  {label:<{labels}}  {printable(value)}".rstrip())


def forward(traced: TracedLine) -> list[Block]:
    """Return the chain from the file to the team."""
    blocks = [_file(traced)]
    if traced.kind is Kind.INSIDE:
        inside = f"inside the record that begins on line {traced.begins_on}"
        blocks.append(Block("line", [("is", inside)]))
    elif traced.kind in _KINDS:
        blocks.append(Block("line", [("is", _KINDS[traced.kind])]))
    blocks += [_reject(reject) for reject in traced.rejects]
    if traced.raw is not None:
        blocks.append(Block("raw", [(name, _value(text)) for name, text in traced.raw.items()]))
        blocks += _usage_blocks(traced)
    return blocks


def backward(traced: TracedLine) -> list[Block]:
    """Return the chain from the team to the text in the file."""
    blocks = forward(traced)
    if traced.original is not None:
        # Behind the file, which comes first in the other direction.
        blocks.insert(0, _text(traced.original, traced.line))
    return blocks[::-1]


def backward_of_fixed(traced: TracedCharge) -> list[Block]:
    """Return the chain from the team to the row of the seed."""
    blocks = [*_charge_blocks(traced)][::-1]
    if traced.seed is not None:
        blocks.append(Block("seed", [("name", "fixed_charges"), *_cells(traced.seed)]))
    return blocks


def _file(traced: TracedLine) -> Block:
    load = traced.load
    ended = load.finished_at or load.started_at
    facts = [
        ("name", load.file_name),
        ("line", str(traced.line)),
        ("load", f"{load.load_id}, {load.status} {ended:%Y-%m-%d %H:%M} UTC"),
        ("export", load.export),
        ("lies at", load.uri),
    ]
    counts = any(usage.fate is Fate.COUNTS for usage in traced.usage)
    if load.status == "failed":
        facts.append(("failed", f"nothing of it was loaded: {load.failure}"))
    elif load.status == "loading":
        facts.append(("loading", "not finished: nothing of it counts yet"))
    elif load.status == "withdrawn":
        facts.append(("withdrawn", _REMADE if counts else "its rows are kept and count no more"))
    elif traced.replacement is not None:
        newer = traced.replacement
        facts.append(("replaced", f"by load {newer.load_id} ({newer.file_name})"))
        if counts:
            facts.append(("", _REMADE))
    return Block("file", facts)


def _reject(reject: Row) -> Block:
    return Block(
        "rejected",
        [
            ("column", reject["column_name"] or "the line as a whole"),
            ("reason", f"{reject['reason']}: {reject['detail']}"),
            ("text", reject["record"]),
        ],
    )


def _usage_blocks(traced: TracedLine) -> Iterator[Block]:
    if not traced.usage and traced.load.status == "withdrawn":
        yield Block("usage", [("decision", f"none: load {traced.load.load_id} was withdrawn")])
    elif not traced.is_built:
        yield Block("usage", [("decision", _NOT_BUILT)])
    elif not traced.usage:
        yield Block("usage", [("decision", "none: rows of this export are no usage")])
    for usage in traced.usage:
        yield _usage(usage)
        if usage.charge is not None:
            yield from _charge_blocks(usage.charge)
        elif usage.fate is Fate.COUNTS:
            why = "a driver of allocation costs nothing" if usage.role == "driver" else _NOT_BUILT
            yield Block("charge", [("none", why)])


def _usage(usage: TracedUsage) -> Block:
    record = usage.record
    facts = [("decision", _decision(usage))]
    if usage.fate is Fate.COUNTS:
        facts.append(("usage_id", str(record["usage_id"])))
    facts += [
        ("account_key", record["account_key"]),
        ("meter_id", record["meter_id"]),
        *_cells(record, "service_name", "resource_key", "resource_name"),
        ("hour", _hour(record["usage_start_at"], record["usage_end_at"])),
        *_cells(record, "occurred_at"),
        ("quantity", f"{plain_number(record['quantity'])} {record['unit']}"),
    ]
    return Block("usage", facts)


def _decision(usage: TracedUsage) -> str:
    """Say whether a record counts, and why."""
    instead = usage.instead or {}
    decision = usage.decision or {}
    if usage.fate is Fate.NOT_BUILT:
        return _NOT_BUILT
    if usage.fate is Fate.OUT_OF_WINDOW:
        return "out of window: more than 24 hours later than it was loaded"
    if usage.fate is Fate.DUPLICATE:
        place = f"{instead['file_name']}:{instead['line']} (load {instead['load_id']})"
        return f"duplicate of the event at {place}"
    if usage.fate is Fate.COPY:
        return f"copy of line {instead['line']} of the same file, equal in every column"
    if usage.fate is Fate.SUPERSEDED:
        newer = f"load {decision['superseded_by']} ({decision['superseded_by_file']})"
        return f"superseded by {newer} because: {decision['reason']}"
    restated = _others([row for row in usage.others if row["status"] == "superseded"])
    pieces = _others([row for row in usage.others if row["status"] == "current"])
    return {
        "only load": "counts: no other load holds this hour",
        "restates": f"counts: restates this hour of {restated}",
        "piece": f"counts: a piece of this hour, as {pieces}",
        "record by record": "counts: the first event of its identifier",
    }.get(str(decision.get("decision")), "counts")


def _others(others: Sequence[Row]) -> str:
    named = [f"load {row['load_id']} ({row['file_name']})" for row in others]
    more = len(named) - _MAX_OTHERS
    return ", ".join([*named[:_MAX_OTHERS], *([f"{more:,} more"] if more > 0 else [])])


def _charge_blocks(traced: TracedCharge) -> Iterator[Block]:
    charge = traced.charge
    currency = charge["currency"]
    facts = [("charge_id", str(charge["charge_id"]))]
    if charge["usage_id"] is None:
        facts += [
            *_cells(charge, "source_name", "account_key", "meter_id", "service_name"),
            ("day", f"{charge['charge_date']}, its part of the period's amount"),
        ]
    facts += [*_cells(charge, "price_id", "price_reference")]
    for name in ("list_unit_price", "contracted_unit_price"):
        if charge[name] is not None:
            per = f"{currency} per {charge['pricing_unit']}"
            facts.append((name, f"{plain_number(charge[name])} {per}"))
    for name in ("list_cost", "contracted_cost", "effective_cost", "billed_cost"):
        if charge[name] is not None:
            facts.append((name, f"{plain_number(charge[name])} {currency}"))
    if not charge["is_priced"]:
        facts.append(("unpriced", "no price holds: its cost is unknown"))
        facts += [*_cells(charge, "price_fix")]
    yield Block("charge", facts)
    yield _team(charge)


def _team(charge: Row) -> Block:
    if charge["rule_id"] is None:
        facts = [("team", "unallocated: no rule matches"), *_cells(charge, "owner_fix")]
        return Block("team", facts)
    names = ("rule_attribute", "rule_operator", "rule_value")
    says = " ".join(str(charge[name]) for name in names if charge[name] is not None)
    rule = f"{charge['rule_id']}: {says}"
    return Block("team", [("team", charge["team"]), ("rule", rule), *_cells(charge, "rule_note")])


def _text(original: Original, line: int) -> Block:
    """Return the record as the file has it; one of several lines as it stands there."""
    origin = "the file, whose SHA-256 is the ledger's"
    if original.rebuilt_because is not None:
        origin = f"the raw row, since {original.rebuilt_because}"
    header = [] if original.header is None else [("line 1", original.header)]
    lines = original.text.split("\n")
    numbered = [(f"line {line + number}", text) for number, text in enumerate(lines)]
    return Block("text", [("read from", origin), *header, *numbered])


def _cells(row: Row, *names: str) -> Iterator[tuple[str, str]]:
    """Yield those of the columns, all if none is named, that hold something."""
    for name in names or row:
        if row.get(name) is not None:
            yield name, _plain(row[name])


def _plain(value: object) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def _hour(start: datetime, end: datetime) -> str:
    return f"{start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC"


def _value(text: str | None) -> str:
    return "(null)" if text is None else text or '""'


def printable(text: str) -> str:
    """Return a text on one line, not too long, with nothing in it that a terminal would obey."""
    shown = on_one_line(text)
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[: _MAX_SHOWN - 1]}…"
