-- Guards the seed against the data: a declared meter is counted in the unit it is declared in.
select
    usage_records.meter_id,
    usage_records.unit,
    meters.unit as declared_unit,
    count(*) as record_count
from {{ ref('fct_usage_hourly') }} as usage_records
inner join {{ ref('meters') }} as meters on usage_records.meter_id = meters.meter_id
where usage_records.unit != meters.unit
group by usage_records.meter_id, usage_records.unit, meters.unit
