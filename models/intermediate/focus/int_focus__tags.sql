-- One row per attribution key that has tags. The vendor's own keys get the vendor's prefix, a tag
-- without a value is true, and what is no single value becomes text: FOCUS wants a flat object.
with

profiles as (
    select * from {{ ref('int_allocation__profiles') }}
),

charged as (
    select distinct meter_id
    from {{ ref('fct_charges') }}
    where is_priced
),

providers as (
    select * from {{ ref('focus_providers') }}
),

provider_tags as (
    select * from {{ ref('focus_provider_tags') }}
),

pairs as (
    select
        profiles.attribution_key,
        profiles.source_name,
        members.tag_key,
        case jsonb_typeof(members.tag_value)
            when 'null' then 'true'::jsonb
            when 'object' then to_jsonb(members.tag_value::text)
            when 'array' then to_jsonb(members.tag_value::text)
            else members.tag_value
        end as tag_value
    from profiles
    inner join charged on profiles.meter_id = charged.meter_id
    cross join lateral jsonb_each(profiles.tags) as members (tag_key, tag_value)
),

prefixed as (
    select
        pairs.attribution_key,
        jsonb_object_agg(
            case when provider_tags.tag_key is null then '' else providers.tag_prefix end
            || pairs.tag_key,
            pairs.tag_value
        ) as tags
    from pairs
    left join provider_tags
        on
            pairs.source_name = provider_tags.source_name
            and pairs.tag_key = provider_tags.tag_key
    left join providers on pairs.source_name = providers.source_name
    group by pairs.attribution_key
)

select * from prefixed
