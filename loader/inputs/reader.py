"""One reading of an input: its content from the first byte to the last, and proof of the end."""

from types import TracebackType
from typing import Self

from loader.inputs.compression import Decoder
from loader.inputs.limits import Watch
from loader.inputs.origins import Reading, Stored


class Reader:
    """Hands out decompressed content; a context manager that closes what it reads from."""

    def __init__(self, stored: Stored, decoder: Decoder, watch: Watch | None) -> None:
        """Take content from `decoder`, which reads `stored`; `watch` is for compressed input."""
        self._stored = stored
        self._decoder = decoder
        self._watch = watch
        self._made = 0

    @property
    def stored_bytes_read(self) -> int:
        """How many of the input's `size` bytes became content so far."""
        return self._decoder.consumed

    def read(self, size: int) -> bytes:
        """Return up to `size` decompressed bytes, and none only at the end.

        Raises `DataRefusedError` when the input cannot be read, is damaged or truncated, or
        becomes more than is allowed.
        """
        content = self._decoder.read(size)
        self._made += len(content)
        if self._watch is not None:
            self._watch.check(self._decoder.consumed, self._made)
        return content

    def finish(self) -> None:
        """Prove that what was read is the whole input, and that it did not change meanwhile.

        Raises `DataRefusedError` when it did, and `RuntimeError` when it was not read to its end.
        """
        is_at_end = not self.read(1)
        self._stored.check()
        if not is_at_end:
            message = "an input is finished before its end was read"
            raise RuntimeError(message)

    def close(self) -> None:
        """Close the file or object."""
        self._stored.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def timed(read: Reading, watch: Watch) -> Reading:
    """Return `read`, which then also refuses what takes too long without any content."""

    def read_in_time(size: int) -> bytes:
        watch.check_time()
        return read(size)

    return read_in_time
