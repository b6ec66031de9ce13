{#- Incremental models hold rows made of what is wanted, and compare the two by keys and a version.
    This is the delete of delete+insert, a hook in the model's own transaction: rows that are no
    longer wanted, or wanted in another version. Keys and version are columns of both; `only` is a
    condition on the wanted rows. -#}
{% macro forget_stale(wanted, keys, version, only=none) -%}
{%- if is_incremental() -%}
delete from {{ this }} as held
where
    not exists (
        select 1
        from {{ wanted }} as wanted
        where
            wanted.{{ version }} = held.{{ version }}
            {%- for key in keys %}
            and wanted.{{ key }} = held.{{ key }}
            {%- endfor %}
            {%- if only %}
            and wanted.{{ only }}
            {%- endif %}
    )
{%- endif -%}
{%- endmacro %}

{#- The other half: true for rows of the relation `wanted` that the model does not hold. -#}
{% macro is_missing(wanted, keys) -%}
not exists (
    select 1
    from {{ this }} as held
    where
        {%- for key in keys %}
        {{ 'and ' if not loop.first }}held.{{ key }} = {{ wanted }}.{{ key }}
        {%- endfor %}
)
{%- endmacro %}
