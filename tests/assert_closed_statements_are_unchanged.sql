-- Guards closed months: the hash taken when a month was closed is the hash of the lines that stand
-- there now. The text hashed is the lines as CSV, in their order, joined by newlines.
with

closed_months as (
    select * from {{ ref('stg_loader__closed_months') }}
),

closed_statements as (
    select * from {{ ref('stg_loader__closed_statements') }}
),

texts as (
    select
        closing_id,
        count(*) as statement_lines,
        string_agg(
            {{ csv_row([
                "to_char(billing_period, 'YYYY-MM-DD')", 'team', 'source_name', 'charge_class',
                "to_char(corrects_period, 'YYYY-MM-DD')", 'currency', 'effective_cost::text',
                'amount::text',
            ]) }},
            e'\n' order by line_number
        ) as statement_text
    from closed_statements
    group by closing_id
)

select
    closed_months.closing_id,
    closed_months.billing_period,
    closed_months.statement_lines,
    texts.statement_lines as lines_found,
    'the statement of ' || to_char(closed_months.billing_period, 'YYYY-MM')
    || ' was changed after it was closed' as problem,
    'restore loader.closed_statements from a backup; a correction is made by the marts, not by hand'
        as advice
from closed_months
left join texts on closed_months.closing_id = texts.closing_id
where
    closed_months.statement_lines is distinct from texts.statement_lines
    or closed_months.sha256
    is distinct from encode(sha256(convert_to(texts.statement_text, 'UTF8')), 'hex')
