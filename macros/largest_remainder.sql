{#- An expression: the amount rounded, such that the rows of a partition add up to their exact sum,
    rounded once (largest remainder). No row is a unit of the last digit or more away from its exact
    amount, below zero too. Units that are left go to the largest remainders, among equal ones in the
    order of `order`, which must be unique in the partition. To split one amount by weights, see
    split_exactly. -#}
{% macro largest_remainder(amount, decimals, partition, order) -%}
(
    floor({{ amount }} * 1e{{ decimals }})
    + (
        row_number() over (
            partition by {{ partition }}
            order by {{ amount }} * 1e{{ decimals }} - floor({{ amount }} * 1e{{ decimals }}) desc, {{ order }}
        )
        <= round(sum({{ amount }}) over (partition by {{ partition }}) * 1e{{ decimals }})
        - sum(floor({{ amount }} * 1e{{ decimals }})) over (partition by {{ partition }})
    )::integer
) * 1e-{{ decimals }}
{%- endmacro %}
