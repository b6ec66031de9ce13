"""How much the property tests try, from which seed, and what they went through."""

import os
from collections import Counter

from hypothesis import HealthCheck, Phase, settings

SEED = int(os.environ.get("MONEY_SEED", "20261101"))
CASES = int(os.environ.get("MONEY_CASES", "300"))
COUNTED: Counter[str] = Counter()
# To know that a case fails is enough where defects are planted; the smallest one takes a minute.
_PHASES = [Phase.generate] if os.environ.get("MONEY_SHRINK") == "no" else list(Phase)


def drawn(cases: int = CASES) -> settings:
    """Return how a property test draws that many cases, the same ones each time."""
    return settings(
        max_examples=max(cases, 1),
        phases=_PHASES,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
