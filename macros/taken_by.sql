{#- The rule for shared cost that takes a line on: of the steps after the line's own, the first that
    matches its holder, its cost and its day. Reads the CTE `taking`. -#}
{% macro taken_by(line, step) -%}
(
    select taking.rule_id
    from taking
    where
        taking.step > {{ step }}
        and taking.active_days @> {{ line }}.usage_date
        and (taking.from_team is null or taking.from_team = {{ line }}.team)
        and (taking.source_name is null or taking.source_name = {{ line }}.source_name)
        and (taking.meter_id is null or taking.meter_id = {{ line }}.meter_id)
        and (taking.is_idle is null or taking.is_idle = {{ line }}.is_idle)
    order by taking.step asc, taking.rule_id asc
    limit 1
)
{%- endmacro %}
