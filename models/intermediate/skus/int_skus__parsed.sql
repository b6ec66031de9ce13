-- One row per Databricks SKU declared or used: what its name says, part by part.
--   tier _ product [_ suffix], such as PREMIUM | SQL_PRO_COMPUTE | US_EAST_N_VIRGINIA
with

meters as (
    select * from {{ ref('dim_meters') }}
    where source_name = 'databricks'
),

-- STANDARD_INTERACTIVE and STANDARD_AUTOMATED, of before 2020, name a kind of cluster, not a tier.
tiered as (
    select
        meter_id,
        meter_key as sku,
        substring(meter_key from '^(STANDARD|PREMIUM|ENTERPRISE)_(?!INTERACTIVE|AUTOMATED)') as tier
    from meters
),

split as (
    select
        *,
        regexp_match(
            substr(sku, coalesce(length(tier), -1) + 2),
            '^(ALL_PURPOSE_COMPUTE|JOBS_COMPUTE|JOBS_LIGHT_COMPUTE'
            || '|DLT_(?:CORE|PRO|ADVANCED)_COMPUTE'
            || '|SQL_COMPUTE|SQL_PRO_COMPUTE|SERVERLESS_SQL_COMPUTE'
            || '|SERVERLESS_REAL_TIME_INFERENCE(?:_LAUNCH)?'
            || '|STANDARD_INTERACTIVE|STANDARD_AUTOMATED|LIGHT_AUTOMATED'
            || '|AWS_ENHANCED_SECURITY_AND_COMPLIANCE)(?:_(.+))?$'
        ) as parts
    from tiered
),

named as (
    select
        meter_id,
        sku,
        tier,
        parts[1] as product,
        parts[2] as suffix
    from split
),

-- Delta Live Tables once ran as all-purpose compute, and say so in the suffix.
classified as (
    select
        *,
        case
            when product = 'ALL_PURPOSE_COMPUTE' and suffix = '(DLT)' then 'DLT'
            when product in ('ALL_PURPOSE_COMPUTE', 'STANDARD_INTERACTIVE') then 'ALL_PURPOSE'
            when product in ('JOBS_COMPUTE', 'STANDARD_AUTOMATED') then 'JOBS'
            when product in ('JOBS_LIGHT_COMPUTE', 'LIGHT_AUTOMATED') then 'JOBS_LIGHT'
            when starts_with(product, 'DLT_') then 'DLT'
            when product = 'SQL_COMPUTE' then 'SQL_CLASSIC'
            when product = 'SQL_PRO_COMPUTE' then 'SQL_PRO'
            when product = 'SERVERLESS_SQL_COMPUTE' then 'SERVERLESS_SQL'
            when starts_with(product, 'SERVERLESS_') then 'SERVERLESS_REAL_TIME_INFERENCE'
            when starts_with(product, 'AWS_') then 'ENHANCED_SECURITY'
        end as family
    from named
),

-- Which suffixes a product can have. Only these three families are sold by region.
parsed as (
    select
        meter_id,
        sku,
        family,
        substring(product from '^DLT_([A-Z]+)_') as dlt_edition,
        tier,
        case
            when product in ('STANDARD_INTERACTIVE', 'STANDARD_AUTOMATED', 'LIGHT_AUTOMATED')
                then substring(suffix from '^(?:NON_)?OPSEC$')
        end as security_plan,
        case
            when family in ('SQL_PRO', 'SERVERLESS_SQL', 'SERVERLESS_REAL_TIME_INFERENCE')
                then suffix
        end as sku_region,
        sku like '%\_(PHOTON)' as is_photon,
        sku ~ '(^|_)SERVERLESS_' as is_serverless,
        sku like '%\_LAUNCH\_%' as is_launch,
        case when starts_with(sku, 'AWS_') then 'aws' end as cloud_named,
        coalesce(
            case
                when family is null then false
                when family = 'ENHANCED_SECURITY' then tier is null and suffix is null
                when product in ('STANDARD_INTERACTIVE', 'STANDARD_AUTOMATED', 'LIGHT_AUTOMATED')
                    then tier is null and suffix in ('OPSEC', 'NON_OPSEC')
                when tier is null then false
                when family in ('SQL_PRO', 'SERVERLESS_REAL_TIME_INFERENCE')
                    then suffix is not null
                when family = 'SERVERLESS_SQL' then true
                when product = 'ALL_PURPOSE_COMPUTE'
                    then coalesce(suffix, '(PHOTON)') in ('(PHOTON)', '(DLT)')
                when family in ('JOBS', 'DLT') then coalesce(suffix, '(PHOTON)') = '(PHOTON)'
                else suffix is null
            end,
            false
        ) as is_understood
    from classified
)

select * from parsed
