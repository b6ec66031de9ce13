with

source as (
    select * from {{ source('loader', 'closed_months') }}
),

renamed as (
    select
        closing_id,
        billing_period,
        sha256,
        lines as statement_lines,
        closed_at
    from source
    where reopened_at is null
)

select * from renamed
