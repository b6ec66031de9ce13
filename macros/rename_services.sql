{#- What a row takes from the meters seed is kept up to date where it stands. -#}
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
