{#- Fails on each row for which the expression is false or unknown. `problem` says what is then wrong
    with the row, `advice` what to do about it; loader build prints both. -#}
{% test expression_is_true(model, expression, column_name=none, problem=none, advice=none) %}

select
    *
    {%- if problem %},
    {{ dbt.string_literal(dbt.escape_single_quotes(problem)) }} as problem,
    {{ dbt.string_literal(dbt.escape_single_quotes(advice)) }} as advice
    {%- endif %}
from {{ model }}
where ({{ expression }}) is not true

{% endtest %}
