{#- Says in loader.builds that the marts are being changed, before anything is. Until a whole build has
    passed, they are not what its last row says: a build that failed, was killed or was of a part of
    the project leaves the mark. A developer's own schemas are nobody's marts. -#}
{% macro mark_begun() -%}
{%- if execute and flags.WHICH in ('build', 'run', 'seed') and target.schema == 'public' -%}
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
