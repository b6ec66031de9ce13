{#- A row for a seed, with the cells quoted that a CSV file needs quoted. Null is an empty cell. -#}
{% macro csv_row(cells) -%}
concat_ws(
    ',',
    {%- for cell in cells %}
    case
        when coalesce({{ cell }}, '') ~ '[",\n\r]'
            then '"' || replace({{ cell }}, '"', '""') || '"'
        else coalesce({{ cell }}, '')
    end{{ ',' if not loop.last }}
    {%- endfor %}
)
{%- endmacro %}
