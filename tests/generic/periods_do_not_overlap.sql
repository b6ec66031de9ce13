{#- Fails on each pair of rows whose keys are equal and whose half-open periods share a day.
    A missing end means the period goes on; a missing start, that it always was. -#}
{% test periods_do_not_overlap(model, id, keys, starts='valid_from', ends='valid_to') %}

select
    earlier.{{ id }} as one_row,
    later.{{ id }} as overlapping_row
from {{ model }} as earlier
inner join {{ model }} as later
    on
        earlier.{{ id }} < later.{{ id }}
        {%- for key in keys %}
        and earlier.{{ key }} is not distinct from later.{{ key }}
        {%- endfor %}
        and daterange(earlier.{{ starts }}, earlier.{{ ends }})
        && daterange(later.{{ starts }}, later.{{ ends }})

{% endtest %}
