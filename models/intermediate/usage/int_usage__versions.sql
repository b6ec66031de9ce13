-- One row per source: what its usage is made by. When it changes, the usage is made anew.
with

versions as (
    {%- for source in var('usage_sources') %}
    -- depends_on: {{ ref('int_usage__' ~ source) }}
    select
        '{{ source }}' as source_name,
        {{ usage_version(source) | indent(8) }} as usage_version
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from versions
