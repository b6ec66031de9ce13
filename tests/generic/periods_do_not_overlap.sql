{#- Fails on both rows of each pair whose keys are equal and whose half-open periods share a day.
    A missing end means the period goes on; a missing start, that it always was.
    A period that is turned round or empty has no day to share. -#}
{% test periods_do_not_overlap(model, id, keys, starts='valid_from', ends='valid_to') %}

select
    {%- for column in [id, starts, ends] | unique %}
    one.{{ column }},
    {%- endfor %}
    'shares days with ' || other.{{ id }} || ', which holds '
    || coalesce('from ' || other.{{ starts }}, 'from the beginning') || ' '
    || coalesce('to ' || other.{{ ends }}, 'without an end') as problem,
    'end the earlier period on the day the later one begins: the last day does not count' as advice
from {{ model }} as one
inner join {{ model }} as other
    on
        one.{{ id }} != other.{{ id }}
        {%- for key in keys %}
        and one.{{ key }} is not distinct from other.{{ key }}
        {%- endfor %}
        {%- for (begun, ended) in [('one', 'one'), ('other', 'other'), ('one', 'other'), ('other', 'one')] %}
        and coalesce({{ begun }}.{{ starts }} < {{ ended }}.{{ ends }}, true)
        {%- endfor %}

{% endtest %}
