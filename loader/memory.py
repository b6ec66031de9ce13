"""Memory that the blocks of a file use one after another: kept by the process, not asked for anew.

A fresh page costs the kernel more than parsing what is written to it: returned after every block,
memory took a seventh of a load's processor time. Arrow's own is kept by a setting in `loader`.
"""

import ctypes
import gc
from contextlib import suppress

# From GNU's malloc.h. What is smaller than the one threshold comes from memory that free() keeps,
# up to the other.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_MMAP_THRESHOLD = 32 << 20
_MOST_KEPT = 24 << 20


def keep_memory() -> None:
    """Let the C library keep what was freed, and Python what there is, to the end.

    A C library other than GNU's stays as it is. Modules are not looked through for cycles again:
    that took a tenth of a second, most of it at the very end.
    """
    gc.freeze()
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        mallopt(_M_TRIM_THRESHOLD, _MOST_KEPT)
