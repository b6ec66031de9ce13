"""How much an archive may hold and how long it may take, so that a bomb cannot fill the machine."""

import os
import time
from dataclasses import dataclass

from loader.errors import DataRefusedError, UsageError

_MAX_BYTES = 64 << 30
_MAX_SECONDS = 6 * 60 * 60
# Deflate ends at 1,032:1, honest exports at about 685:1; what stays small may be any denser.
_MAX_RATIO = 1000
_RATIO_COUNTS_FROM = 16 << 20


@dataclass(frozen=True)
class Limits:
    """What one compressed input may become: bytes and seconds.

    `bytes` also limits standard input, compressed or not, since it is kept on disk.
    """

    bytes: int = _MAX_BYTES
    seconds: int = _MAX_SECONDS

    @staticmethod
    def from_environment() -> "Limits":
        """Read `LOADER_MAX_BYTES` and `LOADER_MAX_SECONDS`; `UsageError` if one is no number."""
        return Limits(
            _positive("LOADER_MAX_BYTES", _MAX_BYTES),
            _positive("LOADER_MAX_SECONDS", _MAX_SECONDS),
        )


class Watch:
    """Holds one reading of a compressed input to its limits."""

    def __init__(self, place: str, limits: Limits) -> None:
        """Begin to count the seconds."""
        self._place = place
        self._limits = limits
        self._begun = time.monotonic()

    def check(self, stored: int, content: int) -> None:
        """Raise `DataRefusedError` when `stored` bytes became too many bytes of `content`."""
        if content > self._limits.bytes:
            what = f"holds more than {self._limits.bytes:,} bytes"
            raise self._refused(what, "LOADER_MAX_BYTES allows more")
        if content > _RATIO_COUNTS_FROM and content > _MAX_RATIO * stored:
            what = f"grows more than {_MAX_RATIO:,} times when decompressed, as a bomb does"
            raise self._refused(what, "decompress it yourself if it is to be trusted")
        self.check_time()

    def check_time(self) -> None:
        """Raise `DataRefusedError` when the reading takes too long."""
        if time.monotonic() - self._begun > self._limits.seconds:
            what = f"is compressed and takes longer than {self._limits.seconds:,} seconds"
            raise self._refused(what, "LOADER_MAX_SECONDS allows more")

    def _refused(self, what: str, hint: str) -> DataRefusedError:
        return DataRefusedError(f"{self._place}: {what}", f"nothing of it was loaded; {hint}")


def _positive(variable: str, default: int) -> int:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        message = f"{variable}: is not a whole number above 0"
        raise UsageError(message, f"nothing was loaded; unset, it is {default}")
    return int(text)
