"""Every SKU of the vendor's page, taken apart as a person reads it."""

import csv
from collections.abc import Iterator
from datetime import date
from itertools import product

import psycopg
import pytest
import sample_totals

REGIONS = {
    "US_EAST_N_VIRGINIA": "us-east-1",
    "US_EAST_OHIO": "us-east-2",
    "US_WEST_OREGON": "us-west-2",
    "US_WEST_CALIFORNIA": "us-west-1",
    "CANADA": "ca-central-1",
    "SA_BRAZIL": "sa-east-1",
    "EUROPE_IRELAND": "eu-west-1",
    "EUROPE_FRANKFURT": "eu-central-1",
    "EUROPE_LONDON": "eu-west-2",
    "EUROPE_FRANCE": "eu-west-3",
    "AP_SYDNEY": "ap-southeast-2",
    "AP_MUMBAI": "ap-south-1",
    "AP_SINGAPORE": "ap-southeast-1",
    "AP_TOKYO": "ap-northeast-1",
    "AP_SEOUL": "ap-northeast-2",
}
SERVING = (
    *("US_EAST_N_VIRGINIA", "US_EAST_OHIO", "US_WEST_OREGON", "CANADA"),
    *("EUROPE_IRELAND", "EUROPE_FRANKFURT", "AP_SINGAPORE", "AP_SYDNEY"),
)
SERVERLESS_SQL = {
    "ENTERPRISE": ("US_EAST_N_VIRGINIA", "US_WEST_OREGON", "EUROPE_IRELAND", "AP_SYDNEY"),
    "PREMIUM": (
        *("US_EAST_N_VIRGINIA", "US_WEST_OREGON", "EUROPE_IRELAND", "AP_SYDNEY"),
        "EUROPE_FRANKFURT",
    ),
}
TIERS = ("STANDARD", "PREMIUM", "ENTERPRISE")
MARCH_2020, APRIL_2022, JUNE_2022 = date(2020, 3, 1), date(2022, 4, 1), date(2022, 6, 1)
NOTHING: dict[str, object] = {
    "dlt_edition": None,
    "tier": None,
    "security_plan": None,
    "cloud": None,
    "sku_region": None,
    "region": None,
    "is_photon": False,
    "is_serverless": False,
    "is_launch": False,
    "is_deprecated": False,
    "deprecated_since": None,
    "replacement_family": None,
    "replaced_by": None,
    "is_recognised": True,
}
Fact = tuple[str, dict[str, object]]


def compute(tier: str) -> Iterator[Fact]:
    families: dict[str, dict[str, object]] = {
        "ALL_PURPOSE": {"family": "ALL_PURPOSE"},
        "JOBS": {"family": "JOBS"},
        **{
            f"DLT_{edition}": {"family": "DLT", "dlt_edition": edition}
            for edition in ("CORE", "PRO", "ADVANCED")
        },
    }
    for name, facts in families.items():
        yield f"{tier}_{name}_COMPUTE", facts
        yield f"{tier}_{name}_COMPUTE_(PHOTON)", {**facts, "is_photon": True}
    yield f"{tier}_JOBS_LIGHT_COMPUTE", {"family": "JOBS_LIGHT"}


def regional(tier: str) -> Iterator[Fact]:
    for region in REGIONS:
        yield f"{tier}_SQL_PRO_COMPUTE_{region}", {"family": "SQL_PRO", "sku_region": region}
    for launch, region in product(("", "LAUNCH_"), SERVING):
        yield (
            f"{tier}_SERVERLESS_REAL_TIME_INFERENCE_{launch}{region}",
            {
                "family": "SERVERLESS_REAL_TIME_INFERENCE",
                "sku_region": region,
                "is_serverless": True,
                "is_launch": bool(launch),
            },
        )
    for region in SERVERLESS_SQL[tier]:
        yield (
            f"{tier}_SERVERLESS_SQL_COMPUTE_{region}",
            {"family": "SERVERLESS_SQL", "sku_region": region, "is_serverless": True},
        )


def deprecated(since: date, family: str, by: str | None = None) -> dict[str, object]:
    return {
        "is_deprecated": True,
        "deprecated_since": since,
        "replacement_family": family,
        "replaced_by": by,
    }


def with_tier(tier: str) -> Iterator[Fact]:
    yield from compute(tier)
    yield (
        f"{tier}_ALL_PURPOSE_COMPUTE_(DLT)",
        {"family": "DLT", **deprecated(APRIL_2022, "DLT", f"{tier}_DLT_CORE_COMPUTE")},
    )
    yield (
        f"{tier}_SERVERLESS_SQL_COMPUTE",
        {
            "family": "SERVERLESS_SQL",
            "is_serverless": True,
            **deprecated(JUNE_2022, "SERVERLESS_SQL"),
        },
    )
    if tier != "STANDARD":
        yield from regional(tier)
        yield f"{tier}_SQL_COMPUTE", {"family": "SQL_CLASSIC"}


def without_tier() -> Iterator[Fact]:
    yield "AWS_ENHANCED_SECURITY_AND_COMPLIANCE", {"family": "ENHANCED_SECURITY", "cloud": "aws"}
    old = {
        "LIGHT_AUTOMATED": "JOBS_LIGHT",
        "STANDARD_AUTOMATED": "JOBS",
        "STANDARD_INTERACTIVE": "ALL_PURPOSE",
    }
    for (name, family), plan in product(old.items(), ("OPSEC", "NON_OPSEC")):
        facts = {"family": family, "security_plan": plan}
        yield f"{name}_{plan}", {**facts, **deprecated(MARCH_2020, family)}


def expected() -> dict[str, dict[str, object]]:
    facts = dict(without_tier())
    for tier in TIERS:
        facts |= {sku: {**found, "tier": tier} for sku, found in with_tier(tier)}
    for found in facts.values():
        if region := found.get("sku_region"):
            found |= {"cloud": "aws", "region": REGIONS[str(region)]}
    return {sku: {**NOTHING, **found} for sku, found in facts.items()}


def declared_skus() -> set[str]:
    with (sample_totals.SEEDS / "meters.csv").open(newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines, strict=True)
        return {row["meter_key"] for row in rows if row["source_name"] == "databricks"}


@pytest.fixture
def skus(built: object) -> dict[str, dict[str, object]]:
    assert built is not None
    with psycopg.connect("", row_factory=psycopg.rows.dict_row) as connection:
        rows = connection.execute("select * from marts.dim_skus").fetchall()
    return {row["sku"]: row for row in rows}


def test_every_declared_sku_is_read_as_a_person_reads_it(
    skus: dict[str, dict[str, object]],
) -> None:
    facts = expected()
    assert facts.keys() == declared_skus()
    assert {sku: skus[sku] for sku in facts} == {
        sku: {"meter_id": f"databricks:{sku}", "sku": sku, **found} for sku, found in facts.items()
    }


def test_a_sku_only_seen_in_usage_keeps_what_its_name_says(
    skus: dict[str, dict[str, object]],
) -> None:
    unknown = "PREMIUM_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA"
    assert skus.keys() - declared_skus() == {unknown}
    known = {"tier": "PREMIUM", "is_serverless": True, "is_recognised": False}
    assert skus[unknown] == {
        **NOTHING,
        **known,
        "meter_id": f"databricks:{unknown}",
        "sku": unknown,
        "family": None,
    }


def test_replacements_are_skus_in_use(skus: dict[str, dict[str, object]]) -> None:
    for sku in skus.values():
        if sku["replaced_by"] is not None:
            replacement = skus[str(sku["replaced_by"])]
            assert (replacement["family"], replacement["tier"]) == (
                sku["replacement_family"],
                sku["tier"],
            )
            assert not replacement["is_deprecated"]
