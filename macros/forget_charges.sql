{#- The delete of delete+insert, in the model's own transaction: charges of usage that no longer
    counts or is priced in another way, and fixed charges, which are made anew each time. -#}
{% macro forget_charges() -%}
{%- set int_charges__due = ref('int_charges__due') -%}
{%- if is_incremental() -%}
delete from {{ this }} as held
where
    not exists (
        select 1
        from {{ int_charges__due }} as due
        where
            due.load_id = held.load_id
            and due.account_key = held.account_key
            and due.meter_id = held.meter_id
            and due.usage_start_at = held.charge_start_at
            and due.charge_version = held.charge_version
    )
{%- endif -%}
{%- endmacro %}
