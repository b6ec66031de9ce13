{#- Guards invariant 1 between a staging model and the slices of its usage: per load, the quantity is
    the same on both sides, copies counted. -#}
{% test usage_survives_conforming(model, export, quantity) %}

with

staged as (
    select
        load_id,
        sum({{ quantity }}) as quantity
    from {{ model }}
    group by load_id
),

held as (
    select
        load_id,
        quantity + quantity_repeated as quantity
    from {{ ref('int_usage__slices') }}
    where export_name = '{{ export }}'
    union all
    select
        load_id,
        quantity
    from {{ ref('int_usage__arrivals') }}
    where export_name = '{{ export }}'
),

conformed as (
    select
        load_id,
        sum(quantity) as quantity
    from held
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
