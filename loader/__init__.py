"""From vendors' usage exports to costs somebody owns, in PostgreSQL and with dbt."""

import gc
import os

__version__ = "0.1.0"

# NumPy's linear algebra, of which nothing is used, would start a thread for each processor.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Arrow would return memory between two blocks of a file, and ask for it again; see loader.memory.
os.environ.setdefault("MIMALLOC_PURGE_DELAY", "-1")

# Imports make many objects and drop hardly any: no use in looking for cycles after every 700.
gc.set_threshold(50_000, 20, 100)
