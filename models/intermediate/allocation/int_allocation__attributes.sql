-- One row per attribution key and thing a rule may look at. Tag keys are folded to lower case,
-- because teams spell them differently.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

profiles as (
    select distinct
        charges.attribution_key,
        charges.source_name,
        charges.account_key,
        charges.meter_id,
        charges.resource_key,
        charges.resource_name,
        usage_records.owner_key,
        coalesce(usage_records.tags, '{}') as tags
    from charges
    left join usage_records on charges.usage_id = usage_records.usage_id
),

named as (
    select
        attribution_key,
        source_name,
        jsonb_build_object(
            'account_key', account_key,
            'meter_id', meter_id,
            'resource_key', resource_key,
            'resource_name', resource_name,
            'owner', owner_key
        ) as attributes,
        tags
    from profiles
),

attributes as (
    select
        named.attribution_key,
        named.source_name,
        pairs.attribute,
        pairs.attribute_value
    from named
    cross join lateral jsonb_each_text(named.attributes) as pairs (attribute, attribute_value)
    where pairs.attribute_value is not null
    union all
    select
        named.attribution_key,
        named.source_name,
        'tag.' || lower(pairs.tag_key) as attribute,
        pairs.tag_value as attribute_value
    from named
    cross join lateral jsonb_each_text(named.tags) as pairs (tag_key, tag_value)
    where pairs.tag_value is not null
)

select * from attributes
