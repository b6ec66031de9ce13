{#- Whether a rule holds on a day: from `valid_from` on, or ever where that is empty, until the day
    before `valid_to`, or for ever. -#}
{% macro holds_on(rules, usage_date) -%}
(
    coalesce({{ rules }}.valid_from, '-infinity') <= {{ usage_date }}
    and coalesce({{ rules }}.valid_to, 'infinity') > {{ usage_date }}
)
{%- endmacro %}
