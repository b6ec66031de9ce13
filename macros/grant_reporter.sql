{#- Lets the role named by the var `reporter` or LOADER_REPORTER read the marts, where the server has
    such a role: making it is the decision, an empty name switches it off. It runs before a build:
    tables that will be made anew are covered by default privileges, from the moment they are there.
    What another role owns is left alone; `loader db reporter` says what is missing. -#}
{% macro grant_reporter() -%}
{%- set reporter = var('reporter', env_var('LOADER_REPORTER', 'reporter')) -%}
{%- if reporter -%}
do $grant$
declare
    reader constant name := '{{ reporter | replace("'", "''") }}';
    marts constant name := '{{ generate_schema_name("marts", none) }}';
    mart regclass;
begin
    if not exists (select 1 from pg_catalog.pg_roles where rolname = reader)
        or not exists (
            select 1
            from pg_catalog.pg_namespace
            where nspname = marts and pg_catalog.pg_has_role(nspowner, 'usage')
        )
    then
        return;
    end if;
    execute format('grant usage on schema %I to %I', marts, reader);
    execute format('alter default privileges in schema %I grant select on tables to %I', marts, reader);
    for mart in
        select oid
        from pg_catalog.pg_class
        where
            relnamespace = to_regnamespace(quote_ident(marts))
            and relkind in ('r', 'p', 'v', 'm')
            and pg_catalog.pg_has_role(relowner, 'usage')
            and not pg_catalog.has_table_privilege(reader, oid, 'select')
    loop
        execute format('grant select on %s to %I', mart, reader);
    end loop;
end
$grant$
{%- endif -%}
{%- endmacro %}
