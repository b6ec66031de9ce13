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

{#- The same where a version names all that a row is told apart by. Rows without a version are made
    anew by every build. -#}
{% macro forget_versions(wanted, version, only=none) -%}
{%- if is_incremental() -%}
{%- set stale -%}
{{ versions_held(version) }}
        except
        select wanted.{{ version }}
        from {{ wanted }} as wanted
        {%- if only %}
        where wanted.{{ only }}
        {%- endif %}
{%- endset -%}
delete from {{ this }} as held
where
    held.{{ version }} is null
    {%- if is_indexed(version) %}
    -- As an array they are looked up in the index.
    or held.{{ version }} = any(array(
        {{ stale }}
    ))
    {%- else %}
    or held.{{ version }} in (
        {{ stale }}
    )
    {%- endif %}
{%- endif -%}
{%- endmacro %}

{% macro is_new(wanted, version) -%}
{{ wanted }}.{{ version }} not in (
        {{ versions_held(version) }}
)
{%- endmacro %}

{#- The versions the model holds: few, so that an index is asked for one after the other. A table made
    before the model had the index is read whole. -#}
{% macro versions_held(version) -%}
{%- if is_indexed(version) -%}
select versions.held_version
        from (
            with recursive versions as (
                (
                    select held.{{ version }} as held_version
                    from {{ this }} as held
                    where held.{{ version }} is not null
                    order by held.{{ version }}
                    limit 1
                )
                union all
                select (
                    select held.{{ version }}
                    from {{ this }} as held
                    where held.{{ version }} > versions.held_version
                    order by held.{{ version }}
                    limit 1
                ) as held_version
                from versions
                where versions.held_version is not null
            )

            select held_version from versions
        ) as versions
        where versions.held_version is not null
{%- else -%}
select distinct held.{{ version }}
        from {{ this }} as held
        where held.{{ version }} is not null
{%- endif -%}
{%- endmacro %}

{% macro is_indexed(column) -%}
{%- if execute -%}
    {%- set indexes = run_query(
        "select from pg_catalog.pg_index inner join pg_catalog.pg_attribute"
        ~ " on pg_index.indrelid = pg_attribute.attrelid and pg_index.indkey[0] = pg_attribute.attnum"
        ~ " where pg_index.indrelid = to_regclass('" ~ this ~ "') and pg_attribute.attname = '" ~ column | replace('"', '') ~ "'"
        ~ " and pg_index.indisvalid and pg_index.indpred is null"
    ) -%}
    {{- return(indexes.rows | length > 0) -}}
{%- endif -%}
{{- return(false) -}}
{%- endmacro %}
