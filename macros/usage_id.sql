{#- Names a usage record by its content, so that the same record in another file has the same name;
    records that are equal in one hour are told apart by their order. -#}
{% macro usage_id(relation, occurrence) -%}
md5(
            row(
                {{ relation }}.export_name,
                {{ relation }}.account_key,
                extract(epoch from {{ relation }}.usage_start_at)::bigint,
                {{ relation }}.record_key,
                {{ occurrence }}
            )::text
        )::uuid
{%- endmacro %}
