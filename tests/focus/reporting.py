"""What the gates said, as tables, and what of it is a surprise."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen
from typing import Any
from xml.etree import ElementTree as ET

# The official rule set says both that InvoiceId MUST be null and that it MUST NOT be null, without
# the "when" of its own text (InvoiceId-C-004-C, InvoiceId-C-005-C): one of the two fails on any
# data. No export names an invoice, so InvoiceId is null and C-005 is the one. Pinned, so that a
# release that puts it right is noticed.
KNOWN = ["InvoiceId-C-005-C"]
_KINDS = ("failure", "error", "skipped")
RULES = 578
GATES = ("dbt", "official", "corrected", "toolkit")
Verdicts = Mapping[tuple[str, str], Mapping[str, Any]]


def say(*cells: str) -> None:
    """Print a line of cells."""
    widths = (54, 11, 11, 11, 11)
    line = "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
    sys.stdout.write(line.rstrip() + "\n")


def report_official(path: Path, command: Popen[str]) -> list[str]:
    """Print the verdict of the validator's own command; return what was not expected."""
    said, _nothing = command.communicate()
    if command.returncode or not path.is_file():
        return [f"focus-validator ended with {command.returncode}:", *said.splitlines()[-5:]]
    cases = list(ET.parse(path).getroot().iter("testcase"))  # noqa: S314  # written just now
    found = {kind: [case for case in cases if case.find(kind) is not None] for kind in _KINDS}
    failed = sorted(
        case.get("name", "").split(" ")[0] for kind in _KINDS[:2] for case in found[kind]
    )
    passed = len(cases) - sum(map(len, found.values()))
    say("focus-validator 2.2.1, FOCUS 1.2, the whole file")
    skipped = len(found["skipped"])
    say(f"  {len(cases)} rules: {passed} passed, {skipped} not for data or not claimed")
    say(f"  failed: {', '.join(failed) or 'none'}")
    say("  InvoiceId-C-004-C and -C-005-C ask for opposites, so one always fails")
    problems = [] if failed == KNOWN else [f"official: expected {KNOWN}, failed {failed}"]
    return problems + (
        [] if len(cases) == RULES else [f"official: {len(cases)} rules, not {RULES}"]
    )


def report_right(verdicts: Verdicts, names: Sequence[str]) -> list[str]:
    """Print what the gates say of data that is right; return what was not expected."""
    problems = []
    say("")
    say("data that is right: rules failed", "", "official", "corrected", "toolkit")
    for name in dict.fromkeys(names):
        cells = []
        for gate in GATES[1:]:
            verdict = verdicts.get((name, gate))
            failed = [] if verdict is None else verdict["failed"]
            cells.append("" if verdict is None else str(len(failed)))
            if verdict is not None and failed != (KNOWN if gate == "official" else []):
                problems.append(f"{gate}, {name}: failed {', '.join(failed)}")
        say(name, "", *cells)
    return problems


def report_spoiled(
    verdicts: Verdicts, seen: Mapping[str, Sequence[str]], tests: Sequence[str]
) -> list[str]:
    """Print which gate saw which spoiled row; return rows and gates that did not bite."""
    problems = []
    idle = {*GATES, "contract", *tests}
    say("")
    say("one row spoiled: seen by", *GATES)
    for name, found in seen.items():
        bitten = {"dbt": bool(found)}
        for gate in GATES[1:]:
            failed = verdicts.get((name, gate), {"failed": []})["failed"]
            bitten[gate] = bool([rule for rule in failed if rule not in KNOWN])
        say(name, *("yes" if bitten[gate] else "-" for gate in GATES))
        idle -= {*found, *(gate for gate in GATES if bitten[gate])}
        if not any(bitten.values()):
            problems.append(f"no gate saw: {name}")
    counts = f"{len(seen)} spoiled rows, {len(problems)} unseen"
    say("", *[""] * 4)
    say(counts)
    return problems + [f"saw nothing at all: {gate}" for gate in sorted(idle)]
