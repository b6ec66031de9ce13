"""Ctrl-C: what it ends, and that it does.

An exception raised by a signal can be lost: in a destructor it is ignored, in a library it may
become an error of another kind. So it is remembered as well, and whoever works through a list asks.
"""

import signal
import threading
from types import FrameType

_is_asked = False


def end_at_once() -> None:
    """Let an interrupt end the process without a word, while there is nothing to clear away yet."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def raise_interrupts() -> None:
    """Raise `KeyboardInterrupt` for interrupts from now on; one that is ignored stays ignored."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)


def check() -> None:
    """Raise `KeyboardInterrupt` when there was an interrupt, whatever became of it."""
    if _is_asked:
        raise KeyboardInterrupt


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    global _is_asked  # noqa: PLW0603  # there is one Ctrl-C in a process
    _is_asked = True
    raise KeyboardInterrupt
