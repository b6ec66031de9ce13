{#- The delete of delete+insert, in the model's own transaction: days whose usage changed. -#}
{% macro forget_days() -%}
{%- set int_usage__meter_days = ref('int_usage__meter_days') -%}
{%- if is_incremental() -%}
delete from {{ this }} as held
where
    not exists (
        select 1
        from {{ int_usage__meter_days }} as days
        where
            days.account_key = held.account_key
            and days.meter_id = held.meter_id
            and days.usage_date = held.usage_date
            and days.day_version = held.day_version
    )
{%- endif -%}
{%- endmacro %}
