{#- What a row takes from the meters seed is kept up to date where it stands. What was renamed is found
    first: mostly nothing, and then no row is compared. -#}
{% macro rename_services() -%}
{%- set meters = ref('meters') -%}
{%- if is_incremental() -%}
update {{ this }} as held
set service_name = renamed.new_name
from (
    select
        used.meter_id,
        used.service_name as old_name,
        meters.service_name as new_name
    from (select distinct meter_id, service_name from {{ this }}) as used
    left join {{ meters }} as meters on used.meter_id = meters.meter_id
    where used.service_name is distinct from meters.service_name
) as renamed
where
    held.meter_id = renamed.meter_id
    and held.service_name is not distinct from renamed.old_name
{%- endif -%}
{%- endmacro %}
