{#- Whether a text is written as ISO 4217 writes the codes of currencies; null stays null. -#}
{% macro is_currency(text) -%} {{ text }} ~ '^[A-Z]{3}$' {%- endmacro %}
