{#- True for null and for a JSON object whose values are no objects and no arrays. -#}
{% macro is_flat_object(column) -%}
coalesce(
    jsonb_typeof({{ column }}) = 'object'
    and not jsonb_path_exists(
        {{ column }}, 'strict $.* ? (@.type() == "object" || @.type() == "array")', '{}', true
    ),
    true
)
{%- endmacro %}
