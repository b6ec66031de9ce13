-- Credits paid in advance cover an account's usage one purchase at a time, so that it is known
-- which purchase a day was paid with. A purchase that tops another up takes over from it: end the
-- earlier one the day the later one begins, and add what is left of it to prepaid_amount.
select
    earlier.fixed_charge_id as one_row,
    later.fixed_charge_id as overlapping_row,
    'fixed_charges.csv: the credits ' || earlier.fixed_charge_id || ' and ' || later.fixed_charge_id
    || ' of one account share days' as problem,
    'end the earlier one the day the later one begins, and add what is left of it to prepaid_amount'
        as advice
from {{ ref('fixed_charges') }} as earlier
inner join {{ ref('fixed_charges') }} as later
    on
        earlier.source_name = later.source_name
        and earlier.account_key = later.account_key
        and earlier.fixed_charge_id < later.fixed_charge_id
        and daterange(earlier.period_start, earlier.period_end)
        && daterange(later.period_start, later.period_end)
where
    earlier.prepaid_amount is not null
    and later.prepaid_amount is not null
