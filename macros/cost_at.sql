{#- What a quantity costs at a price of `prices`, by the block that price is for: rounded once, to 12
    decimals. Null, never 0, where price or exchange rate is unknown. -#}
{% macro cost_at(prices, price, quantity, exchange_rate) -%}
round({{ prices }}.{{ price }} * {{ quantity }} * {{ exchange_rate }} / {{ prices }}.pricing_block, 12)
{%- endmacro %}
