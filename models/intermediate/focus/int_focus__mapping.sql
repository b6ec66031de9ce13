-- One row: what keys are described by. When it changes, every key is described anew.
-- depends_on: {{ ref('int_focus__meters') }}, {{ ref('accounts') }}, {{ ref('focus_providers') }}
-- depends_on: {{ ref('focus_provider_tags') }}, {{ ref('databricks_regions') }}
select
    {{ content_version(['int_focus__mapping'], ['int_focus__profiles']) | indent(4) }}
        as mapping_version
