-- What did agreed prices save, in the currency that the prices are in?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ProviderName",
        "ServiceName",
        "SkuId",
        "PricingCurrency",
        sum(
            ("PricingCurrencyListUnitPrice" - "PricingCurrencyContractedUnitPrice")
            * "PricingQuantity"
        ) as savings
    from focus_rows
    where
        "ChargeCategory" = 'Usage'
        and "PricingCurrencyListUnitPrice" > "PricingCurrencyContractedUnitPrice"
    group by "ProviderName", "ServiceName", "SkuId", "PricingCurrency"
)

select * from answer
order by "ProviderName", "ServiceName", "SkuId", "PricingCurrency"
