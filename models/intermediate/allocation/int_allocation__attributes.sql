-- One row per attribution key and thing a rule looks at. Tag keys are folded to lower case,
-- because teams spell them differently.
with

profiles as (
    select * from {{ ref('int_allocation__profiles') }}
),

rules as (
    select * from {{ ref('attribution_rules') }}
),

-- What no rule names need not be looked at.
asked as (
    select distinct lower(attribute) as attribute
    from rules
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
    inner join asked on pairs.attribute = asked.attribute
    where pairs.attribute_value is not null
    union all
    select
        named.attribution_key,
        named.source_name,
        'tag.' || lower(pairs.tag_key) as attribute,
        pairs.tag_value as attribute_value
    from named
    cross join lateral jsonb_each_text(named.tags) as pairs (tag_key, tag_value)
    inner join asked on 'tag.' || lower(pairs.tag_key) = asked.attribute
    where pairs.tag_value is not null
)

select * from attributes
