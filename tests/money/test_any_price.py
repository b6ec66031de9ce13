"""Whatever is used at whatever price and rate, a charge is their exact product, rounded once."""

import json
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import psycopg
from hypothesis import given, seed, strategies
from rendering import model, rows
from sizes import COUNTED, SEED, drawn
from splitting import decimal

KEY = "load_id bigint, account_key text, meter_id text, slice_version uuid"
CHARGED = model(
    "intermediate/charges/int_charges__usage",
    fct_usage_hourly=rows(
        "used",
        f"usage_id text, {KEY}, source_name text, service_name text, resource_key text,"
        " resource_name text, usage_start_at timestamptz, usage_end_at timestamptz,"
        " usage_date date, quantity numeric, unit text, attribution_key uuid",
    ),
    int_charges__due=rows(
        "due",
        f"{KEY}, charge_start_at timestamptz, price_id text, exchange_rate numeric,"
        " charge_version uuid",
    ),
    dim_prices=rows(
        "prices",
        "price_id text, currency text, pricing_unit text, list_unit_price numeric,"
        " contracted_unit_price numeric, pricing_block numeric",
    ),
)
_HOUR = "2026-10-01 00:00:00+00"
_SLICE = "00000000-0000-0000-0000-000000000001"
_DIGITS = Context(prec=200)
_QUANTITIES = strategies.integers(-(10**21), 10**21) | strategies.integers(0, 10**34)
_PRICES = strategies.integers(0, 10**7) | strategies.integers(0, 10**20)
_RATES = strategies.just(10**18) | strategies.integers(1, 10**21) | strategies.none()
_BLOCKS = strategies.sampled_from((1, 3, 60, 1000, 1_000_000))
_CHARGES = strategies.tuples(_QUANTITIES, _PRICES, _PRICES, _RATES, _BLOCKS, strategies.booleans())
Charge = tuple[int, int, int, int | None, int, bool]


def charge(connection: psycopg.Connection, charges: list[Charge]) -> dict[int, tuple[object, ...]]:
    """Return list and contracted cost, by the number of what was used."""
    handed: dict[str, list[dict[str, object]]] = {"used": [], "due": [], "prices": []}
    for number, (quantity, listed, contracted, rate, block, is_priced) in enumerate(charges):
        key = {"load_id": 1, "account_key": "a", "meter_id": f"s:{number}", "slice_version": _SLICE}
        used = {"usage_id": str(number), "usage_start_at": _HOUR, "quantity": decimal(quantity, 18)}
        due = {
            "charge_start_at": _HOUR,
            "price_id": f"p{number}" if is_priced else None,
            "exchange_rate": None if rate is None else decimal(rate, 18),
        }
        price = {
            "price_id": f"p{number}",
            "list_unit_price": decimal(listed, 12),
            "contracted_unit_price": decimal(contracted, 12),
            "pricing_block": block,
        }
        handed["used"].append(key | used)
        handed["due"].append(key | due)
        handed["prices"].append(price)
    answered = connection.execute(
        f"select usage_id::int, list_cost, contracted_cost from ({CHARGED}) as charged".encode(),
        {name: json.dumps(given_rows) for name, given_rows in handed.items()},
        prepare=True,
    ).fetchall()
    assert len(answered) == len(charges)
    return {number: costs for number, *costs in ((row[0], *row[1:]) for row in answered)}


def cost(quantity: int, price: int, rate: int, block: int) -> Decimal:
    """Return the product, rounded half away from zero at twelve decimals, without a division."""
    exact = Fraction(quantity * price * rate, 10**48 * block) * 10**12
    whole = (abs(exact) * 2 + 1).__floor__() // 2
    units = Decimal(whole if exact >= 0 else -whole)
    return units.scaleb(-12, _DIGITS).quantize(Decimal("1e-12"), ROUND_HALF_UP, _DIGITS)


@seed(SEED)
@drawn()
@given(charges=strategies.lists(_CHARGES, min_size=4, max_size=20))
def test_a_charge_is_the_exact_product_rounded_once(
    connection: psycopg.Connection, charges: list[Charge]
) -> None:
    charged = charge(connection, charges)
    COUNTED.update({"charges": len(charges)})
    for number, (quantity, listed, contracted, rate, block, is_priced) in enumerate(charges):
        wanted = [None, None]
        if is_priced and rate is not None:
            wanted = [cost(quantity, price, rate, block) for price in (listed, contracted)]
        assert list(charged[number]) == wanted
