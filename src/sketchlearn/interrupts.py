"""Ctrl-C that breaks nothing off half-way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_held() -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C back until what is under way is whole; yield whether it was pressed.

    A second Ctrl-C breaks at once. Only the main thread can do this; others go without.
    """
    pressed = False

    def hold(*_: object) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, before)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # as of commands that a script starts in the background
        yield lambda: False
        return
    signal.signal(signal.SIGINT, hold)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
