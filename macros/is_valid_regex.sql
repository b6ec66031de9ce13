{#- Whether PostgreSQL takes a text for a regular expression, and why not, without ever raising an
    error. A JSON path may hold a regular expression, in the same dialect; reading one as input
    compiles it, and of input PostgreSQL (16 and newer) says whether it is valid. -#}
{% macro is_valid_regex(pattern) -%}
pg_input_is_valid({{ path_of_regex(pattern) }}, 'jsonpath')
{%- endmacro %}

{% macro regex_error(pattern) -%}
(pg_input_error_info({{ path_of_regex(pattern) }}, 'jsonpath')).message
{%- endmacro %}

{% macro path_of_regex(pattern) -%}
'$ ? (@ like_regex ' || to_json({{ pattern }})::text || ')'
{%- endmacro %}
