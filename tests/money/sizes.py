"""How much the property tests try, from which seed, and what they went through."""

import os
from collections import Counter

SEED = int(os.environ.get("MONEY_SEED", "20261101"))
CASES = int(os.environ.get("MONEY_CASES", "300"))
COUNTED: Counter[str] = Counter()
