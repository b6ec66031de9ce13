"""An export that is a table, as JSON with an object a row: the same rows as its CSV."""

import csv
import json
from collections.abc import Callable
from io import StringIO

import psycopg
import pytest
from loads import check_file, load_file, rows_of

from loader.errors import DataRefusedError
from loader.exports import Export
from loader.inputs import Input

Write = Callable[..., Input]

COUNTERS = '''\
tenant_id,hour,event_type,event_count,bytes_ingested
acme,2026-10-01 00:00:00,log,18446744073709551615,0
acme,2026-10-01 00:00:00,log,12,
"ü, ""x""",2026-10-01 01:00:00,slo,1,18446744073709551614
'''
ROWS = [
    {name: value or None for name, value in row.items()}
    for row in csv.DictReader(StringIO(COUNTERS))
]
NUMBERS = [
    row | {name: int(row[name]) for name in ("event_count", "bytes_ingested") if row[name]}
    for row in ROWS
]
FORMS = {
    "quoted.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
    "numbers.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in NUMBERS),
    "reordered.json": json.dumps([dict(reversed(row.items())) for row in NUMBERS], indent=1),
    "upper_case.json": json.dumps([{k.upper(): v for k, v in row.items()} for row in NUMBERS]),
}
RAW = "raw_infrasage.usage_metering"


@pytest.mark.parametrize("name", FORMS)
def test_counters_as_json_are_the_rows_of_the_csv(
    name: str, connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    assert load_file(connection, file(COUNTERS), exports).export == "infrasage.usage_metering"
    loaded = load_file(connection, file(FORMS[name], name), exports)
    assert (loaded.export, loaded.status) == ("infrasage.usage_metering", "loaded")
    of_load = {
        number: [row[:-2] for row in rows_of(connection, RAW) if row[-2] == number]
        for number in (1, 2)
    }
    assert of_load[1] == of_load[2]
    assert len(of_load[1]) == len(ROWS)


def test_a_counter_that_is_no_whole_number_is_named(
    exports: tuple[Export, ...], file: Write
) -> None:
    rows = [NUMBERS[0], NUMBERS[1] | {"event_count": 1.5}]
    with pytest.raises(DataRefusedError, match=r"x\.jsonl:2: event_count has more"):
        check_file(file("\n".join(map(json.dumps, rows)), "x.jsonl"), exports)
