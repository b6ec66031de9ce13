-- One row per record that arrived again: within 34 days of the one that counts it is the same
-- record, even if its content differs; later, the identifier is used anew. The time of acceptance
-- is the record's own, so that the order of loading decides between equal stamps alone.
with recursive

arrivals as (
    select * from {{ ref('int_usage__arrivals') }}
    where is_in_window
),

repeated as (
    select
        usage_group,
        account_key,
        record_key
    from arrivals
    group by usage_group, account_key, record_key
    having count(*) > 1
),

numbered as (
    select
        arrivals.*,
        row_number() over arrived as arrival_number
    from arrivals
    inner join repeated
        on
            arrivals.usage_group = repeated.usage_group
            and arrivals.account_key = repeated.account_key
            and arrivals.record_key = repeated.record_key
    window arrived as (
        partition by arrivals.usage_group, arrivals.account_key, arrivals.record_key
        order by arrivals.occurred_at, arrivals.load_id, arrivals.row_number
    )
),

followed as (
    select
        *,
        min(arrival_number) over (
            partition by usage_group, account_key, record_key
            order by occurred_at
            range between interval '34 days' following and unbounded following
        ) as next_number
    from numbered
),

accepted as (
    select
        usage_group,
        account_key,
        record_key,
        arrival_number,
        next_number,
        load_id,
        row_number
    from followed
    where arrival_number = 1
    union all
    select
        followed.usage_group,
        followed.account_key,
        followed.record_key,
        followed.arrival_number,
        followed.next_number,
        followed.load_id,
        followed.row_number
    from accepted
    inner join followed
        on
            accepted.usage_group = followed.usage_group
            and accepted.account_key = followed.account_key
            and accepted.record_key = followed.record_key
            and accepted.next_number = followed.arrival_number
),

duplicates as (
    select
        followed.load_id,
        followed.row_number,
        followed.usage_group,
        followed.account_key,
        followed.record_key,
        accepted.load_id as first_load_id,
        accepted.row_number as first_row_number
    from followed
    inner join accepted
        on
            followed.usage_group = accepted.usage_group
            and followed.account_key = accepted.account_key
            and followed.record_key = accepted.record_key
            and followed.arrival_number > accepted.arrival_number
            and (
                accepted.next_number is null
                or followed.arrival_number < accepted.next_number
            )
)

select * from duplicates
