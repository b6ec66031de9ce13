{% macro last_day_of_month(day) -%}
(date_trunc('month', {{ day }}::timestamp) + interval '1 month' - interval '1 day')::date
{%- endmacro %}

{#- Whether a day is the last working day of its month, or comes after it. -#}
{% macro is_month_end(day) -%}
{{ day }} >= {{ last_day_of_month(day) }}
        - greatest(0, extract(isodow from {{ last_day_of_month(day) }})::integer - 5)
{%- endmacro %}
