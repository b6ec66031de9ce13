{#- dbt puts a new relation in an old one's place by two renames, and then drops the old one with
    every view that reads it. Here views outlive that: in the transaction of the renames they are
    made to read the new relation, so that nobody misses them at any moment, also where the build
    fails later. Views of dbt's inner schemas are left to dbt. -#}
{% macro postgres__rename_relation(from_relation, to_relation) -%}
    {%- if to_relation.identifier == make_backup_relation(from_relation, 'table').identifier -%}
        {%- do lock_with_views(from_relation) -%}
    {%- endif -%}
    {{ default__rename_relation(from_relation, to_relation) }}
    {%- if from_relation.identifier == make_intermediate_relation(to_relation).identifier -%}
        {%- do point_views(make_backup_relation(to_relation, 'table'), to_relation) -%}
        {%- for row in run_query(views_reading(to_relation)) -%}
            {#- dbt believes they went with the old relation. -#}
            {%- set view = api.Relation.create(
                database=to_relation.database, schema=row[0], identifier=row[1], type='view'
            ) -%}
            {%- do adapter.cache_dropped(view) -%}
            {%- do adapter.cache_added(view) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- Locks the relation and the views that read it against readers. A reader may hold one and wait for
    the other: before PostgreSQL calls that a deadlock, and ends one of them after a second, this gives
    up both, lets the reader pass and tries again; after a minute somebody has to go. A view is
    locked by defining it as it is: LOCK would take along all it reads. Two threads take turns: to
    one that waits for a view PostgreSQL gives the definition of before. -#}
{% macro lock_with_views(relation) -%}
{%- call statement('lock_with_views') -%}
do $views$
declare
    lock_timeout constant text := current_setting('lock_timeout');
    began constant timestamptz := clock_timestamp();
    patience text := '300ms';
    reader record;
begin
    if not exists ({{ views_reading(relation) }}) then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('dbt: views are redefined', 0));
    loop
        begin
            perform set_config('lock_timeout', patience, true);
            {{ redefine_views(relation, relation) | indent(12) }}
            {%- if relation.is_table %}
            lock table {{ relation.include(database=false) }} in access exclusive mode;
            {%- endif %}
            perform set_config('lock_timeout', lock_timeout, true);
            return;
        exception when lock_not_available or deadlock_detected then
            patience := case when clock_timestamp() < began + '1 minute' then '300ms' else '10s' end;
        end;
        perform pg_sleep(0.02);
    end loop;
end
$views$
{%- endcall -%}
{%- endmacro %}

{% macro point_views(relation, other) -%}
{%- call statement('point_views') -%}
do $views$
declare
    reader record;
begin
    {{ redefine_views(relation, other) | indent(4) }}
end
$views$
{%- endcall -%}
{%- endmacro %}

{#- A view that cannot read the other, for a column that is gone or another owner, is left as it is,
    and goes with the old relation. -#}
{% macro redefine_views(relation, other) -%}
for reader in {{ views_reading(relation) }} loop
    begin
        execute format(
            'create or replace view %I.%I%s as %s',
            reader.schema_name,
            reader.view_name,
            ' with (' || array_to_string(reader.options, ', ') || ')',
            replace(
                pg_get_viewdef(reader.view_id),
                '{{ relation.identifier }}',
                '{{ other.identifier }}'
            )
        );
    exception when insufficient_privilege or invalid_table_definition or undefined_column then
        raise warning 'view % is dropped with what it reads: %', reader.view_name, sqlerrm;
    end;
end loop;
{%- endmacro %}

{% macro views_reading(relation) -%}
select distinct
    schemas.nspname as schema_name,
    views.relname as view_name,
    views.oid as view_id,
    views.reloptions as options
from pg_catalog.pg_depend as reads
inner join pg_catalog.pg_rewrite as rules
    on reads.objid = rules.oid and reads.classid = 'pg_catalog.pg_rewrite'::regclass
inner join pg_catalog.pg_class as views on rules.ev_class = views.oid and views.relkind = 'v'
inner join pg_catalog.pg_namespace as schemas on views.relnamespace = schemas.oid
where
    reads.refclassid = 'pg_catalog.pg_class'::regclass
    and reads.refobjid = to_regclass('{{ relation.include(database=false) }}')
    and reads.refobjid != views.oid
    and schemas.nspname not in (
        '{{ generate_schema_name("staging", none) }}',
        '{{ generate_schema_name("intermediate", none) }}'
    )
order by schema_name, view_name
{%- endmacro %}
