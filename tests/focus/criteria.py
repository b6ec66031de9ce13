"""What the data claims to support, by the names of the official rules."""

# Three of the 18 are about what none of the sources sells: availability zones, capacity
# reservations and commitment discounts.
SUPPORTED = (
    *("ACCOUNT_NAMING", "BILLING_BASED_ON_PROVISIONED_RESOURCES", "MULTIPLE_BILLING_ACCOUNT_TYPES"),
    *("MULTIPLE_PRICING_CATEGORIES", "MULTIPLE_SUB_ACCOUNT_TYPES", "NEGOTIATED_PRICING"),
    *("PRICING_BILLING_CURRENCY_DIFFERENCES", "PUBLIC_PRICE_LIST", "REGION"),
    *("RESOURCE_TYPE_ASSIGNMENT", "SUB_ACCOUNT", "TAGGING", "UNIT_PRICING", "USAGE_MEASUREMENT"),
    "VIRTUAL_CURRENCY",
)
OFFICIAL_CRITERIA = ",".join(f"{name}_SUPPORTED" for name in SUPPORTED)
