{#- The instant a build looks at lateness from: now, or the var as_of, or LOADER_AS_OF, as ISO 8601. -#}
{% macro as_of() -%}
{%- set instant = var('as_of', env_var('LOADER_AS_OF', '')) -%}
{%- if instant -%} '{{ instant }}'::timestamptz {%- else -%} current_timestamp {%- endif -%}
{%- endmacro %}
