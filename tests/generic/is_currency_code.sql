{#- Fails on each row whose cell is not the code of a currency, or empty. -#}
{% test is_currency_code(model, column_name) %}

select
    *,
    'is not a currency code' as problem,
    'write the three capital letters of ISO 4217, such as USD' as advice
from {{ model }}
where ({{ is_currency(column_name) }}) is not true

{% endtest %}
