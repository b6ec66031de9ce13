{#- The delete of delete+insert, in the model's own transaction: rows of loads that are gone, and rows
    that other models or seeds made. What is then missing is all there is to insert. -#}
{% macro forget_loads() -%}
{%- set stg_loader__loads = ref('stg_loader__loads') -%}
{%- set int_usage__versions = ref('int_usage__versions') -%}
{%- if is_incremental() -%}
delete from {{ this }} as held
where
    not exists (
        select 1
        from {{ stg_loader__loads }} as loads
        inner join {{ int_usage__versions }} as versions
            on split_part(loads.export_name, '.', 1) = versions.source_name
        where
            loads.load_id = held.load_id
            and versions.usage_version = held.usage_version
    )
{%- endif -%}
{%- endmacro %}
