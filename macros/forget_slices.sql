{#- The delete of delete+insert, in the model's own transaction: rows of slices that no longer count,
    or count in another way. -#}
{% macro forget_slices() -%}
{%- set int_usage__slice_status = ref('int_usage__slice_status') -%}
{%- if is_incremental() -%}
delete from {{ this }} as held
where
    not exists (
        select 1
        from {{ int_usage__slice_status }} as slices
        where
            slices.status = 'current'
            and slices.load_id = held.load_id
            and slices.export_name = held.export_name
            and slices.account_key = held.account_key
            and slices.usage_start_at = held.usage_start_at
            and slices.slice_version = held.slice_version
    )
{%- endif -%}
{%- endmacro %}

{#- What a usage record takes from the meters seed is kept up to date where it stands. -#}
{% macro rename_services() -%}
{%- set meters = ref('meters') -%}
{%- if is_incremental() -%}
update {{ this }} as held
set service_name = named.service_name
from (
    select
        used.meter_id,
        meters.service_name
    from (select distinct meter_id from {{ this }}) as used
    left join {{ meters }} as meters on used.meter_id = meters.meter_id
) as named
where
    held.meter_id = named.meter_id
    and held.service_name is distinct from named.service_name
{%- endif -%}
{%- endmacro %}
