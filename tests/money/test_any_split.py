"""However an amount is split, the parts are the whole and each is as near as can be.

Cases are drawn by hypothesis, which shows the smallest that fails. MONEY_CASES=5000 for more of
them, MONEY_SEED for others.
"""

import json
import random
from fractions import Fraction

import psycopg
from hypothesis import given, seed, strategies
from rendering import rendered, rows
from sizes import COUNTED, SEED, drawn
from splitting import UNIT, Pool, decimal, pools

SPLIT = rendered(
    """
    with weighed as (
        select
            pool,
            team,
            amount,
            {{ split_floor('amount', 'weight', 'total') }} as floor,
            {{ split_rest('amount', 'weight', 'total') }} as rest
        from {{ ref('targets') }} as targets
    )
    select pool, team, {{ split_share('amount', 'floor', 'rest', 'pool', 'team') }}
    from weighed
    """,
    targets=rows("targets", "pool int, team text, amount numeric, weight numeric, total numeric"),
)
Shares = dict[tuple[int, str], Fraction]


def split(connection: psycopg.Connection, parts: list[Pool], order: random.Random) -> Shares:
    """Return the shares of all pools, handed over in one statement and in that order."""
    targets = [
        {
            "pool": number,
            "team": team,
            "amount": decimal(pool.units, 12),
            "weight": decimal(weight, 18),
            "total": decimal(pool.total, 18),
        }
        for number, pool in enumerate(parts)
        for team, weight in pool.weights.items()
    ]
    order.shuffle(targets)
    answered = connection.execute(SPLIT, {"targets": json.dumps(targets)}, prepare=True)
    return {(pool, team): Fraction(share) for pool, team, share in answered}


@seed(SEED)
@drawn()
@given(
    parts=strategies.lists(pools(), min_size=5, max_size=9),
    order=strategies.randoms(use_true_random=False),
)
def test_parts_are_the_whole_and_each_is_as_near_as_can_be(
    connection: psycopg.Connection, parts: list[Pool], order: random.Random
) -> None:
    shares = split(connection, parts, order)
    COUNTED.update({"pools": len(parts), "shares of them": len(shares)})
    for number, pool in enumerate(parts):
        own = {team: shares[number, team] for team in pool.weights}
        assert sum(own.values()) == pool.units * UNIT
        for team, share in own.items():
            assert abs(share - pool.fraction(team)) < UNIT
            assert pool.weights[team] or not share
        assert own == pool.shares()
    assert split(connection, parts, order) == shares
