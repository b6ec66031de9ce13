-- Guards the seed against the data: a declared meter is counted in the unit it is declared in.
select
    meter_hours.meter_id,
    meter_hours.unit,
    meters.unit as declared_unit,
    sum(meter_hours.records) as record_count,
    'meters.csv: ' || meter_hours.meter_id || ' is declared in ' || meters.unit || ', and '
    || sum(meter_hours.records) || ' records are in ' || meter_hours.unit as problem,
    'write the unit of the export, and prices for it' as advice
from {{ ref('int_usage__meter_hours') }} as meter_hours
inner join {{ ref('meters') }} as meters on meter_hours.meter_id = meters.meter_id
where meter_hours.unit != meters.unit
group by meter_hours.meter_id, meter_hours.unit, meters.unit
