"""The questions that one Databricks file can answer, asked of it by DuckDB and by pandas.

Every answer reads the file anew. Amounts are doubles, as both have it by default; the team is the
tag's, the price that of the day.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

Rows = list[tuple[Any, ...]]
Ways = dict[str, Callable[[dict[str, Any]], Rows]]
_USAGE = """
    select
        usage.workspaceId as account,
        usage.clusterId as resource,
        usage.sku,
        usage.timestamp[:10]::date as day,
        coalesce(json_extract_string(usage.tags, '$.team'), 'unallocated') as team,
        usage.dbus,
        usage.dbus * coalesce(prices.contracted_unit_price, prices.list_unit_price) as cost
    from read_csv(
        '{file}', header = true, types = {{
            'workspaceId': 'VARCHAR', 'timestamp': 'VARCHAR', 'clusterId': 'VARCHAR',
            'sku': 'VARCHAR', 'dbus': 'DOUBLE', 'tags': 'VARCHAR'
        }}
    ) as usage
    left join read_csv(
        '{prices}', header = true, types = {{
            'valid_from': 'DATE', 'valid_to': 'DATE', 'contracted_unit_price': 'DOUBLE',
            'list_unit_price': 'DOUBLE'
        }}
    ) as prices
        on
            prices.meter_id = 'databricks:' || usage.sku
            and prices.cloud = 'aws'
            and usage.timestamp[:10]::date >= prices.valid_from
            and (prices.valid_to is null or usage.timestamp[:10]::date < prices.valid_to)
"""
_COLUMNS = {"account": "workspaceId", "resource": "clusterId", "sku": "sku"}
_PRICES = [
    "meter_id",
    "cloud",
    "list_unit_price",
    "contracted_unit_price",
    "valid_from",
    "valid_to",
]


def ways(file: Path, prices: Path) -> Ways:
    """Return how each program that is installed answers a question: groups and a sum."""
    found: Ways = {}
    if importlib.util.find_spec("duckdb"):
        found["DuckDB"] = lambda question: _duckdb(file, prices, question)
    if importlib.util.find_spec("pandas"):
        found["pandas"] = lambda question: _pandas(file, prices, question)
    return found


def _duckdb(file: Path, prices: Path, question: dict[str, Any]) -> Rows:
    import duckdb  # noqa: PLC0415  # installed by whoever wants to compare

    conditions = {"team": question.get("team")}
    if question.get("resource"):
        conditions["resource"] = question["resource_key"]
    where = " and ".join(f"{name} = '{value}'" for name, value in conditions.items() if value)
    groups = ", ".join(question["by"])
    statement = (
        f"with usage as ({_USAGE.format(file=file, prices=prices)})"  # noqa: S608  # our own words
        f" select {groups + ', ' if groups else ''}sum({question['value']}) as amount from usage"
        f"{f' where {where}' if where else ''}{f' group by {groups}' if groups else ''}"
        + (f" order by amount desc limit {question['top']}" if question.get("top") else "")
    )
    return duckdb.connect().execute(statement).fetchall()


def _pandas(file: Path, prices: Path, question: dict[str, Any]) -> Rows:
    import pandas as pd  # noqa: PLC0415  # installed by whoever wants to compare

    wanted = {*question["by"], *(["team"] if question.get("team") else [])}
    columns = {"timestamp", "sku", "dbus", *(_COLUMNS[name] for name in wanted & set(_COLUMNS))}
    columns |= {"clusterId"} if question.get("resource") else set()
    columns |= {"tags"} if "team" in wanted else set()
    text = dict.fromkeys(columns - {"dbus"}, "str")
    usage = pd.read_csv(file, usecols=sorted(columns), dtype=text)
    usage = usage.rename(columns={column: name for name, column in _COLUMNS.items()})
    usage["day"] = usage["timestamp"].str[:10]
    if "team" in wanted:
        usage["team"] = usage["tags"].str.extract(r'"team":"([^"]*)"')[0].fillna("unallocated")
    if question.get("team"):
        usage = usage[usage["team"] == question["team"]]
    if question.get("resource"):
        usage = usage[usage["resource"] == question["resource_key"]]
    if question["value"] == "cost":
        usage = _priced(usage, pd.read_csv(prices, usecols=_PRICES))
    if not question["by"]:
        return [(usage[question["value"]].sum(),)]
    amounts = usage.groupby(question["by"])[question["value"]].sum()
    amounts = amounts.nlargest(question["top"]) if question.get("top") else amounts
    return list(amounts.reset_index().itertuples(index=False, name=None))


def _priced(usage: Any, prices: Any) -> Any:  # noqa: ANN401  # pandas need not be installed
    """Return the rows with the price of their day, and what they cost."""
    ours = prices[(prices["cloud"] == "aws") & prices["meter_id"].str.startswith("databricks:")]
    ours = ours.assign(
        sku=ours["meter_id"].str.removeprefix("databricks:"),
        price=ours["contracted_unit_price"].fillna(ours["list_unit_price"]),
        valid_to=ours["valid_to"].fillna("9999-12-31"),
    )
    joined = usage.merge(ours[["sku", "price", "valid_from", "valid_to"]], on="sku")
    held = (joined["day"] >= joined["valid_from"]) & (joined["day"] < joined["valid_to"])
    return joined[held].assign(cost=lambda rows: rows["dbus"] * rows["price"])
