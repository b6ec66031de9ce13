"""What becomes of memory that is freed: kept for the next block instead of given back."""

import ctypes
from functools import cache

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES, _LARGEST_BYTES = 64 << 20, 32 << 20


@cache
def keep() -> None:
    """Make the C library keep what is freed; where it is not glibc, nothing changes.

    A large file passes through blocks of a mebibyte. glibc hands each back to the kernel, which
    clears every page of the next one: a tenth of the work of a load.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGEST_BYTES)
    mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
