with

source as (
    select * from {{ source('tecton', 'billable_usage_v2') }}
),

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

renamed as (
    select
        source._load_id as load_id,
        source._row_number as row_number,
        source.account_name as account_key,
        source.timestamp::timestamptz as hour_starts_at,
        source.quantity::numeric(38, 18) as quantity,
        source.unit as unit_key,
        coalesce(nullif(source.metadata::jsonb, 'null'), '{}') as metadata
    from source
    inner join loads on source._load_id = loads.load_id
),

-- The vendor spells the key of the object in two ways.
labelled as (
    select
        load_id,
        row_number,
        account_key,
        hour_starts_at,
        quantity,
        unit_key,
        nullif(metadata ->> 'workspace', '') as workspace,
        coalesce(
            nullif(metadata ->> 'tecton_object_name', ''),
            nullif(metadata ->> 'tectonObjectName', '')
        ) as object_name,
        case
            when jsonb_typeof(metadata -> 'tags') = 'object' then metadata -> 'tags'
            else '{}'
        end as customer_tags,
        metadata - array['tags', 'tecton_object_name', 'tectonObjectName'] as vendor_tags
    from renamed
)

select * from labelled
