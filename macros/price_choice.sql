{#- Whether a price of a meter may hold on a day for an account, by the cloud and the region that
    `accounts` has for it, null where nobody said them. -#}
{% macro price_may_hold(prices, accounts, usage_date) -%}
(
    ({{ prices }}.cloud is null or {{ accounts }}.cloud = {{ prices }}.cloud)
    and ({{ prices }}.region is null or {{ accounts }}.region = {{ prices }}.region)
    and {{ usage_date }} >= {{ prices }}.valid_from
    and ({{ prices }}.valid_to is null or {{ usage_date }} < {{ prices }}.valid_to)
)
{%- endmacro %}

{#- Of those that may hold, the order with the one that does first: a price that names the account's
    region or cloud beats one that holds everywhere; of two versions of a price list, the one that
    became known later is believed. -#}
{% macro price_that_holds_first(region, cloud, known_from) -%}
{{ region }} asc nulls last,
{{ cloud }} asc nulls last,
{{ known_from }} desc nulls last
{%- endmacro %}
