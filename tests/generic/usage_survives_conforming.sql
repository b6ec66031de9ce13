{#- Guards invariant 1 between a staging model and the usage contract: per load, the quantity is the
    same on both sides. `once` is for exports whose rows that are equal in every column are one. -#}
{% test usage_survives_conforming(model, conformed, export, quantity, once=false) %}

with

staged_rows as (
    {%- if once %}
    select distinct
        load_id,
        {{ quantity }} as quantity,
        to_jsonb(staged) - 'row_number' as content
    {%- else %}
    select
        load_id,
        {{ quantity }} as quantity
    {%- endif %}
    from {{ model }} as staged
),

staged as (
    select
        load_id,
        sum(quantity) as quantity
    from staged_rows
    group by load_id
),

conformed as (
    select
        load_id,
        sum(quantity) as quantity
    from {{ conformed }}
    where export_name = '{{ export }}'
    group by load_id
)

select
    coalesce(staged.load_id, conformed.load_id) as load_id,
    staged.quantity as quantity_staged,
    conformed.quantity as quantity_conformed
from staged
full join conformed on staged.load_id = conformed.load_id
where staged.quantity is distinct from conformed.quantity

{% endtest %}
