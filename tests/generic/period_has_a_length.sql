{#- Fails on each row whose half-open period ends on the day it starts, or before. A missing end means
    the period goes on; a missing start, that it always was. `ends` is the column the test stands on,
    where it stands on one. -#}
{% test period_has_a_length(model, starts, advice, column_name=none, ends=none, problem=none) %}

select
    *,
    '{{ problem or "is not after " ~ starts }}' as problem,
    '{{ advice }}' as advice
from {{ model }}
where {{ starts }} >= {{ ends or column_name }}

{% endtest %}
