{#- Which days a day is compared with: 0 from the last working day of its month on, else its weekday,
    1 for Monday to 7 for Sunday. -#}
{% macro day_group(day) -%}
case
            when
                {{ day }} >= {{ last_day_of_month(day) }}
                - greatest(0, extract(isodow from {{ last_day_of_month(day) }})::integer - 5)
                then 0
            else extract(isodow from {{ day }})::integer
        end
{%- endmacro %}

{% macro last_day_of_month(day) -%}
(date_trunc('month', {{ day }}::timestamp) + interval '1 month' - interval '1 day')::date
{%- endmacro %}
