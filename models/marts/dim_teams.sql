-- Every team, and the one that stands for cost nobody owns.
with

teams as (
    select * from {{ ref('teams') }}
),

listed as (
    select
        team,
        team_name,
        parent_team,
        cost_centre
    from teams
    union all
    select
        'unallocated' as team,
        'Unallocated' as team_name,
        null as parent_team,
        null as cost_centre
)

select * from listed
