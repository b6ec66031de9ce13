{#- Guards invariant 1 between the files and staging: per load of the export, the ledger's count of
    loaded rows is the model's count of rows. -#}
{% test loads_survive_staging(model, export) %}

with

staged as (
    select
        load_id,
        count(*) as rows_staged
    from {{ model }}
    group by load_id
)

select
    loads.load_id,
    loads.rows_loaded,
    staged.rows_staged
from {{ ref('stg_loader__loads') }} as loads
left join staged on loads.load_id = staged.load_id
where
    loads.export_name = '{{ export }}'
    and loads.rows_loaded != coalesce(staged.rows_staged, 0)

{% endtest %}
