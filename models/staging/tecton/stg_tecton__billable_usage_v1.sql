with

source as (
    select * from {{ source('tecton', 'billable_usage_v1') }}
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
        nullif(source.workspace, '') as workspace,
        nullif(source.tecton_object_name, '') as object_name,
        source.quantity::numeric(38, 18) as quantity,
        source.unit as unit_key
    from source
    inner join loads on source._load_id = loads.load_id
)

select * from renamed
