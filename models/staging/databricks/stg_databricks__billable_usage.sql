with

source as (
    select * from {{ source('databricks', 'billable_usage') }}
),

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

renamed as (
    select
        source._load_id as load_id,
        source._row_number as row_number,
        source.workspace_id as account_key,
        source.timestamp::timestamptz as hour_ends_at,
        nullif(source.cluster_id, '') as cluster_id,
        nullif(source.cluster_name, '') as cluster_name,
        nullif(source.cluster_node_type, '') as node_type,
        nullif(source.cluster_owner_user_id, '') as owner_key,
        nullif(source.cluster_owner_user_name, '') as owner_name,
        source.sku,
        source.dbus::numeric(38, 18) as dbus,
        source.machine_hours::numeric(38, 18) as machine_hours,
        coalesce(nullif(source.cluster_custom_tags::jsonb, 'null'), '{}') as custom_tags,
        coalesce(nullif(source.tags::jsonb, 'null'), '{}') as all_tags
    from source
    inner join loads on source._load_id = loads.load_id
)

select * from renamed
