{#- Says in loader.builds that the marts are being changed, before anything is, and in the end what
    came of it. Until a whole build has passed, they are not what its last row says: a build that
    failed or was of a part of the project says so, one that was killed stays without an end. A
    developer's own schemas are nobody's marts. -#}
{% macro mark_begun() -%}
{%- if execute and builds_marts() -%}
do $mark$
begin
    if to_regclass('loader.builds') is not null then
        insert into loader.builds (fingerprint, nodes, started_at) values ('unfinished', 0, now());
    end if;
end
$mark$
{%- else -%}
select 1
{%- endif -%}
{%- endmacro %}

{#- `results` are those dbt hands to the hooks at its end. -#}
{% macro mark_ended(results) -%}
{%- if execute and builds_marts() -%}
{%- set kinds = ['seed', 'model', 'test', 'unit_test'] -%}
{%- set nodes = results | selectattr('node.resource_type', 'in', kinds) | list -%}
{%- set passed = nodes | selectattr('status', 'in', ['success', 'pass', 'warn', 'no-op']) | list -%}
{%- set failures = nodes | length - passed | length -%}
{%- set given = invocation_args_dict -%}
{%- set chosen = given.select or given.exclude or given.selector or given.resource_types
    or given.exclude_resource_types or given.empty -%}
{%- set whole = flags.WHICH == 'build' and not chosen -%}
do $mark$
begin
    if to_regclass('loader.builds') is not null then
        update loader.builds
        set
            finished_at = clock_timestamp(),
            nodes = {{ passed | length }},
            failures = {{ failures }},
            outcome = '{{ 'failed' if failures else 'passed' if whole else 'partial' }}'
        where
            finished_at is null
            and build_id = (select max(build_id) from loader.builds where schema_prefix = '');
    end if;
end
$mark$
{%- else -%}
select 1
{%- endif -%}
{%- endmacro %}

{% macro builds_marts() -%}
{{ return(flags.WHICH in ('build', 'run', 'seed') and target.schema == 'public') }}
{%- endmacro %}
