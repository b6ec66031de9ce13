with

source as (
    select * from {{ source('loader', 'closed_statements') }}
),

closed_months as (
    select * from {{ ref('stg_loader__closed_months') }}
),

renamed as (
    select
        source.closing_id,
        closed_months.billing_period,
        source.line_number,
        source.team,
        source.source_name,
        source.charge_class,
        source.corrects_period,
        source.currency,
        source.effective_cost,
        source.amount,
        closed_months.closed_at
    from source
    inner join closed_months on source.closing_id = closed_months.closing_id
)

select * from renamed
