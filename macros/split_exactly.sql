{#- Splits an amount by weights so that the parts add up to it to the last digit, by largest remainder.
    In steps, since the last one looks at all parts of an amount: `floor` is the part in whole units
    of the last decimal, `rest` what is left of it; `share` gives the units that remain to the largest
    rests, one each, ties by name. Whole numbers only: div() is exact where / would round. -#}
{% macro split_floor(amount, weight, total, decimals=12) -%}
div(abs({{ amount }}) * 1e{{ decimals }} * {{ weight }}, {{ total }})
{%- endmacro %}

{% macro split_rest(amount, weight, total, decimals=12) -%}
abs({{ amount }}) * 1e{{ decimals }} * {{ weight }}
- div(abs({{ amount }}) * 1e{{ decimals }} * {{ weight }}, {{ total }}) * {{ total }}
{%- endmacro %}

{% macro split_share(amount, floor, rest, partition, tie, decimals=12) -%}
sign({{ amount }}) * (
    {{ floor }}
    + case
        when
            row_number() over (
                partition by {{ partition }}
                order by {{ rest }} desc, {{ tie }} collate "C" asc
            )
            <= abs({{ amount }}) * 1e{{ decimals }} - sum({{ floor }}) over (partition by {{ partition }})
            then 1
        else 0
    end
) * 1e-{{ decimals }}
{%- endmacro %}
