"""However a content is delivered, the marts are those of its one clean load.

Late, repeated, overlapping and restated exports, generated for a seed. USAGE_CASES=500 for more
of them, USAGE_SEED for others, USAGE_CASE=7 for one alone.
"""

from collections import Counter
from decimal import Decimal

import pytest
from cases import COUNT, KINDS, ONLY, Kind
from comparing import CHARGES, USAGE, differences, digests, report
from delivering import Delivered

SOUND = [kind for kind in KINDS if not kind.is_ambiguous]
_SHOWN = 3
AMBIGUOUS = [kind for kind in KINDS if kind.is_ambiguous]


@pytest.mark.parametrize("kind", SOUND, ids=str)
def test_a_delivery_equals_the_one_clean_load(delivered: Delivered, kind: Kind) -> None:
    failed = [case for case in delivered.of(kind) if case.number in delivered.differences]
    if failed:
        told = [report(case, delivered.differences[case.number]) for case in failed[:_SHOWN]]
        count = f"{len(failed)} of {len(delivered.of(kind))} cases differ"
        pytest.fail("\n".join([f"{kind}: {count}", *told]), pytrace=False)
    assert delivered.of(kind) or ONLY or len(KINDS) > COUNT


def test_the_clean_loads_have_what_was_generated(delivered: Delivered) -> None:
    generated = {case.number: case.total for case in delivered.cases}
    assert delivered.clean_totals == generated


@pytest.mark.parametrize("kind", AMBIGUOUS, ids=str)
def test_rows_of_one_key_parted_by_a_cut_are_never_counted_twice(
    delivered: Delivered, kind: Kind
) -> None:
    """Such a cut looks like a restatement, so a part may be missing; how often, the end tells."""
    assert [case for case in delivered.of(kind) if case.number in delivered.too_often] == []
    assert delivered.of(kind) or ONLY or len(KINDS) > COUNT


def test_building_again_changes_nothing(delivered: Delivered) -> None:
    assert delivered.after_another_build == delivered.after_phases
    assert all(count for count, _ in delivered.after_phases.values())


def test_a_full_refresh_gives_the_rows_that_were_built_bit_by_bit(delivered: Delivered) -> None:
    assert delivered.after_a_full_refresh == delivered.after_phases


def test_every_record_has_an_id_of_its_own(delivered: Delivered) -> None:
    assert delivered.repeated_ids == {USAGE: 0, CHARGES: 0}


IDS = {USAGE: "usage_id", CHARGES: "charge_id"}
SPOILING = {
    "a row is missing": "delete from {mart} where ctid = %s",
    "a row is there twice": (
        "insert into {mart} select (jsonb_populate_record(null::{mart},"
        " to_jsonb(rows) || jsonb_build_object('{id}', gen_random_uuid()))).*"
        " from {mart} as rows where rows.ctid = %s"
    ),
    "a quantity is off": "update {mart} set quantity = quantity + 1e-18 where ctid = %s",
    "a name is lost": "update {mart} set resource_name = 'lost' where ctid = %s",
}


@pytest.mark.skipif(bool(ONLY), reason="one case alone need not have charges")
@pytest.mark.parametrize("mart", [USAGE, CHARGES])
@pytest.mark.parametrize("spoil", SPOILING.values(), ids=list(SPOILING))
def test_the_comparison_sees_a_single_spoilt_row(
    delivered: Delivered, spoil: str, mart: str
) -> None:
    connection = delivered.connection
    row = connection.execute(
        f"select rows.ctid, sides.case_number, quantity from {mart} as rows"
        " inner join sides using (account_key) where not is_clean and quantity < 1e15"
        " order by md5(rows::text) limit 1"
    ).fetchone()
    assert row is not None
    place, case_number, quantity = row
    assert isinstance(quantity, Decimal)
    before, digests_before = differences(connection), digests(connection)
    with connection.transaction(force_rollback=True):
        connection.execute(spoil.format(mart=mart, id=IDS[mart]), [place])
        found = differences(connection)
        assert digests(connection) != digests_before
    assert {
        number
        for number in found.keys() | before.keys()
        if Counter(found.get(number)) != Counter(before.get(number))
    } == {case_number}
