{#- The entries of a seed's cell, joined by semicolons, as an array; an empty cell is null. A semicolon
    that belongs to an entry is written \; . -#}
{% macro list_cell(cell) -%}
string_to_array(
    replace(
        regexp_replace(replace(trim({{ cell }}), '\;', chr(1)), '\s*;\s*', chr(2), 'g'),
        chr(1), ';'
    ),
    chr(2)
)
{%- endmacro %}
