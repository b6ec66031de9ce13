{#- An expression: each row's `numerator` / `denominator`, rounded so that the rows of a partition add up
    to their exact sum, rounded once (largest remainder). No row is a unit of the last digit or more
    away from its exact value. Rows of a partition share one denominator above 0; no quotient is ever
    rounded on the way, so a share such as cost x usage / all usage is exact. What is left goes to the
    largest remainders, among equal ones in the order of `order`, which must be unique in the partition. -#}
{% macro largest_remainder(numerator, digits, partition, order, denominator='1::numeric') -%}
{%- set scaled = '((' ~ numerator ~ ') * 1e' ~ digits ~ ')' -%}
{#- div() cuts towards zero; below zero the floor is one less unless nothing was cut. -#}
{%- set whole = '(div(' ~ scaled ~ ', ' ~ denominator ~ ') - (mod(' ~ scaled ~ ', ' ~ denominator ~ ') < 0)::integer)' -%}
{%- set over = 'over (partition by ' ~ partition ~ ')' -%}
(
    {{ whole }}
    + (
        row_number() over (
            partition by {{ partition }}
            order by {{ scaled }} - {{ whole }} * {{ denominator }} desc nulls last, {{ order }}
        ) <= round(sum({{ scaled }}) {{ over }} / {{ denominator }}) - sum({{ whole }}) {{ over }}
    )::integer
) * 1e-{{ digits }}
{%- endmacro %}
