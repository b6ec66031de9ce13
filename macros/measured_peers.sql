{#- What the days a day is compared with come to, as the CTE measured, from the CTE compared, whose
    rows have `peers`, up to eight costs, the oldest first, and `is_weekly`. Adds sorted_peers, middle
    (their median), slope (what they grow by from each to the next) and deviation (the median of their
    distances from that line). Eight weeks have a slope only when each of the newer four lies above
    each of the older four, or below: noise seldom does that, and a spike never makes one. -#}
{% macro measured_peers() -%}
-- Materialised, as each step is read several times in the next.
ordered as materialized (
    select
        *,
        cardinality(peers) as peer_count,
        (
            select array_agg(peer.cost order by peer.cost)
            from unnest(compared.peers) as peer (cost)
        ) as sorted_peers,
        case
            when not is_weekly or cardinality(peers) < 8 then 0
            when
                greatest(peers[1], peers[2], peers[3], peers[4])
                < least(peers[5], peers[6], peers[7], peers[8])
                then 1
            when
                least(peers[1], peers[2], peers[3], peers[4])
                > greatest(peers[5], peers[6], peers[7], peers[8])
                then -1
            else 0
        end as direction
    from compared
),

lined as materialized (
    select
        *,
        (sorted_peers[(peer_count + 1) / 2] + sorted_peers[peer_count / 2 + 1]) / 2 as middle,
        case
            when direction = 0 then 0
            -- The halves do not overlap: their medians stand in the sorted peers.
            else
                direction
                * (sorted_peers[6] + sorted_peers[7] - sorted_peers[2] - sorted_peers[3]) / 8
        end as slope
    from ordered
),

distances as materialized (
    select
        *,
        case
            when slope = 0
                then (
                    select
                        array_agg(abs(peer.cost - middle) order by abs(peer.cost - middle))
                    from unnest(peers) as peer (cost)
                )
            else (
                select array_agg(distance.cost order by distance.cost)
                from
                    unnest(
                        array[
                            {%- for place in range(1, 9) %}
                            abs(peers[{{ place }}] - middle - slope * {{ place - 4.5 }})
                            {{- ',' if not loop.last }}
                            {%- endfor %}
                        ]
                    ) as distance (cost)
            )
        end as sorted_distances
    from lined
),

measured as (
    select
        *,
        (
            sorted_distances[(peer_count + 1) / 2] + sorted_distances[peer_count / 2 + 1]
        ) / 2 as deviation
    from distances
)
{%- endmacro %}
