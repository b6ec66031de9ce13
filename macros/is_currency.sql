{#- Whether a text is written as ISO 4217 writes the codes of currencies, three capitals; null stays
    null. A regular expression would take five times as long. -#}
{% macro is_currency(text) -%}
(length({{ text }}) = 3 and translate({{ text }}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '') = '')
{%- endmacro %}
