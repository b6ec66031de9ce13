-- Guards the seed teams: nobody is above themselves, directly or in a circle.
with recursive

teams as (
    select * from {{ ref('teams') }}
),

ancestors as (
    select
        team,
        parent_team as ancestor
    from teams
    where parent_team is not null
    union
    select
        ancestors.team,
        teams.parent_team as ancestor
    from ancestors
    inner join teams on ancestors.ancestor = teams.team
    where teams.parent_team is not null
)

select * from ancestors
where team = ancestor
