-- One row per team and team below it, itself included.
with recursive

teams as (
    select * from {{ ref('teams') }}
),

members as (
    select
        team as budget_team,
        team
    from teams
    union
    select
        members.budget_team,
        teams.team
    from members
    inner join teams on members.team = teams.parent_team
)

select * from members
