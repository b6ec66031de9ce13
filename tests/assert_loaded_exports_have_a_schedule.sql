-- Guards the seed against the data: usage of an export without a schedule is never late.
{{ config(severity='warn') }}

select distinct
    lags.export_name,
    lags.export_name || ' has usage and no row in source_schedules.csv' as problem,
    'add one, so that late usage is known to be late' as advice
from {{ ref('rpt_source_lag') }} as lags
left join {{ ref('source_schedules') }} as schedules
    on lags.export_name = schedules.export_name
where schedules.export_name is null
