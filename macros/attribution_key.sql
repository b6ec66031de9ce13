{#- Names everything an attribution rule may look at, so that a rule is tried once per distinct case. -#}
{% macro attribution_key(relation) -%}
md5(
            row(
                {{ relation }}.source_name,
                {{ relation }}.account_key,
                {{ relation }}.meter_id,
                {{ relation }}.resource_key,
                {{ relation }}.resource_name,
                {{ relation }}.owner_key,
                {{ relation }}.tags
            )::text
        )::uuid
{%- endmacro %}
