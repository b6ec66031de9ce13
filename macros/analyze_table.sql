{#- Gathers statistics of a table that was just filled; a view has none. Of a table that was added to,
    when a tenth of its rows is new, as autovacuum does by default: of a large one they take as long
    as what was added. -#}
{% macro analyze_table() -%}
    {%- if config.get('materialized') == 'view' -%}
    {%- elif not is_incremental() -%}
        analyze {{ this }}
    {%- else -%}
do $analyze$
begin
    if (
        select
            not current_setting('track_counts')::boolean
            or 10 * (
                pg_stat_get_xact_tuples_inserted(oid)
                + pg_stat_get_xact_tuples_updated(oid)
                + pg_stat_get_xact_tuples_deleted(oid)
            ) > greatest(reltuples, 0)
        from pg_catalog.pg_class
        where oid = '{{ this }}'::regclass
    ) then
        analyze {{ this }};
    end if;
end
$analyze$
    {%- endif -%}
{%- endmacro %}
