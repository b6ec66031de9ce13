{#- dbt creates a table with a contract empty and inserts into it, which PostgreSQL does with one
    process. Here the table is created by its query, so that several processes share the work; types
    and constraints of the contract are put on it in the same transaction. -#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
{%- set contract = config.get('contract') -%}
{%- set is_held = contract and contract.enforced and not temporary -%}
{%- if contract and contract.enforced -%}
{{ get_assert_columns_equivalent(sql) }}
{%- endif %}
{{ config.get('sql_header') or '' }}
create {{ 'temporary ' if temporary else 'unlogged ' if config.get('unlogged') }}table {{ relation }} as (
    {%- if is_held %}
    select
        {%- for column in model['columns'].values() %}
        {{ column_in_sql(column) }}::{{ column['data_type'] }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ sql }}
    ) as rows_of_contract
    {%- else %}
    {{ sql }}
    {%- endif %}
);
{%- if is_held %}
{{ constraints_of_contract(relation) }}
{%- endif %}
{%- endmacro %}

{% macro column_in_sql(column) -%}
{{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}
{%- endmacro %}

{% macro constraints_of_contract(relation) -%}
{%- set clauses = [] -%}
{%- for column in model['columns'].values() -%}
    {%- for constraint in column.get('constraints') or [] -%}
        {%- set name = column_in_sql(column) -%}
        {%- if constraint['type'] == 'not_null' -%}
            {%- do clauses.append('alter column ' ~ name ~ ' set not null') -%}
        {%- else -%}
            {%- do exceptions.raise_compiler_error(
                model.name ~ ': a contract here has constraints of type not_null, not ' ~ constraint['type']
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{%- for constraint in adapter.render_raw_model_constraints(raw_constraints=model.constraints) -%}
    {%- do clauses.append('add ' ~ constraint) -%}
{%- endfor -%}
{%- if clauses -%}
alter table {{ relation }}
    {{ clauses | join(',\n    ') }};
{%- endif -%}
{%- endmacro %}
