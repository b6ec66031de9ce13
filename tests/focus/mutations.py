"""Rows made wrong on purpose, and rows made unusual but right, to see what the gates say."""

from dataclasses import dataclass

USAGE = (
    '"ChargeCategory" = \'Usage\' and num_nulls("Tags", "ResourceId", "RegionId", "SubAccountId",'
    ' "SkuPriceDetails", "x_UsageId") = 0 and "ListCost" > 0'
)
PURCHASE = "\"ChargeCategory\" = 'Purchase'"


@dataclass(frozen=True)
class Change:
    """What is set, in SQL, in one row; instead of it, a statement or a column's new name."""

    name: str
    assignments: str = ""
    row: str = USAGE
    statement: str = ""
    renamed: tuple[str, str] | None = None


MUTATIONS = (
    Change("list cost is not price x quantity", '"ListCost" = "ListCost" + 1'),
    Change("contracted cost is not price x quantity", '"ContractedCost" = "ContractedCost" + 1'),
    Change("no list price on usage", '"ListUnitPrice" = null'),
    Change("no contracted price on usage", '"ContractedUnitPrice" = null'),
    Change("no list price in the pricing currency", '"PricingCurrencyListUnitPrice" = null'),
    Change("a negative price", '"ListUnitPrice" = -1, "ListCost" = - "PricingQuantity"'),
    Change("no pricing quantity on usage", '"PricingQuantity" = null'),
    Change("no consumed quantity on usage", '"ConsumedQuantity" = null'),
    Change("a quantity without its unit", '"ConsumedUnit" = null'),
    Change(
        "consumption on a purchase", '"ConsumedQuantity" = 1, "ConsumedUnit" = \'Days\'', PURCHASE
    ),
    Change("a purchase with effective cost", '"EffectiveCost" = 1', PURCHASE),
    Change("a purchase by usage", "\"ChargeFrequency\" = 'Usage-Based'", PURCHASE),
    Change("a tax with an SKU and a price", "\"ChargeCategory\" = 'Tax'", PURCHASE),
    Change("a charge category of our own", "\"ChargeCategory\" = 'Fee'"),
    Change("a charge class of our own", "\"ChargeClass\" = 'Mistake'"),
    Change("a charge frequency of our own", "\"ChargeFrequency\" = 'Sometimes'"),
    Change("a pricing category of our own", "\"PricingCategory\" = 'Cheap'"),
    Change("a service category of our own", "\"ServiceCategory\" = 'Clouds'"),
    Change("a service subcategory of our own", "\"ServiceSubcategory\" = 'Rain'"),
    Change("a subcategory of another category", "\"ServiceCategory\" = 'Media'"),
    Change("a service name of nothing", "\"ServiceName\" = ''"),
    Change("no SKU on usage", '"SkuId" = null'),
    Change("no SKU price on usage", '"SkuPriceId" = null'),
    Change("one SKU price of two SKUs", "\"SkuId\" = 'ANOTHER'"),
    Change("a price detail without x_", '"SkuPriceDetails" = \'{"Tier": "PREMIUM"}\''),
    Change("tags as a list", '"Tags" = \'["team"]\''),
    Change("tags inside tags", '"Tags" = \'{"team": {"name": "search"}}\''),
    Change("a provider's tag without its prefix", '"Tags" = \'{"ClusterId": "1"}\''),
    Change("a unit nobody declared", "\"PricingUnit\" = 'Gigabytes'"),
    Change("a unit against the format", "\"PricingUnit\" = '1M events'"),
    Change("a unit of singular time", "\"ConsumedUnit\" = 'GB-Month'"),
    Change("a region without a name", '"RegionName" = null'),
    Change("a resource without a type", '"ResourceType" = null'),
    Change("a sub-account without a name", '"SubAccountName" = null'),
    Change("a sub-account without a type", '"SubAccountType" = null'),
    Change("a currency in small letters", "\"BillingCurrency\" = 'usd'"),
    Change("a currency that is none", "\"BillingCurrency\" = 'DBU'"),
    Change("a pricing currency that is none", "\"PricingCurrency\" = 'credits'"),
    Change("a period of no length", '"ChargePeriodEnd" = "ChargePeriodStart"'),
    Change("a period that ends before it starts", '"ChargePeriodEnd" = "BillingPeriodStart"'),
    Change(
        "a charge outside its billing period",
        '"BillingPeriodStart" = "BillingPeriodEnd",'
        ' "BillingPeriodEnd" = "BillingPeriodEnd" + interval \'30 days\'',
    ),
    Change(
        "a billing period that is no month",
        '"BillingPeriodStart" = "BillingPeriodStart" - interval \'1 day\'',
    ),
    Change("no effective cost", '"EffectiveCost" = null'),
    Change("no billing account", '"BillingAccountId" = null'),
    Change("billed a cent more", '"BilledCost" = "BilledCost" + 0.01'),
    Change("a row twice", statement="insert into mutated select * from mutated where {row}"),
    Change("a row lost", statement="delete from mutated where {row}"),
    Change("a column of our own without x_", renamed=("x_Team", "Team")),
)

NO_PRICE = """
    "ListUnitPrice" = null, "ContractedUnitPrice" = null, "PricingQuantity" = null,
    "PricingUnit" = null, "PricingCurrencyListUnitPrice" = null,
    "PricingCurrencyContractedUnitPrice" = null, "ListCost" = "BilledCost",
    "ContractedCost" = "BilledCost", "EffectiveCost" = "BilledCost",
    "PricingCurrencyEffectiveCost" = "BilledCost", "ChargeFrequency" = 'One-Time',
    "SkuPriceId" = null
"""
# What the sample month has none of, as int_focus__charges makes it.
CONTROLS = (
    Change(
        "a tax",
        NO_PRICE
        + """, "ChargeCategory" = 'Tax', "SkuId" = null, "SkuMeter" = null,
        "PricingCategory" = null""",
        PURCHASE,
    ),
    Change("a credit", NO_PRICE + ", \"ChargeCategory\" = 'Credit'", PURCHASE),
    Change("an adjustment", NO_PRICE + ", \"ChargeCategory\" = 'Adjustment'", PURCHASE),
    Change("a correction", "\"ChargeClass\" = 'Correction'"),
)
