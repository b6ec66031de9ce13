{#- The currency every cost is stated in, as an SQL string; prices may be in any other. -#}
{% macro reporting_currency() -%} '{{ var("reporting_currency") }}' {%- endmacro %}

{#- 1 in the reporting currency itself, else the month's rate; null, never 1, where no rate is known. -#}
{% macro exchange_rate(currency, rates) -%}
case when {{ currency }} = {{ reporting_currency() }} then 1 else {{ rates }}.rate end
{%- endmacro %}
