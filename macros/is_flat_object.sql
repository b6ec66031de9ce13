{#- True for null and for a JSON object whose values are no objects and no arrays. Where no bracket stands
    behind the first one, nothing is nested; only the others, whose texts may hold one, are looked
    through, which takes four times as long. -#}
{% macro is_flat_object(column) -%}
coalesce(
    jsonb_typeof({{ column }}) = 'object'
    and (
        strpos(translate(substr({{ column }}::text, 2), '[', '{'), '{') = 0
        or not jsonb_path_exists(
            {{ column }}, 'strict $.* ? (@.type() == "object" || @.type() == "array")', '{}', true
        )
    ),
    true
)
{%- endmacro %}
