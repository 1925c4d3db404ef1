"""Progress on the terminal: a bar where someone looks, a line per tenth where nobody does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int, "int | None", str], None]


@contextmanager
def progress(task: str) -> Iterator[Advance]:
    """Yield a function (done, total or None, note) that shows how far a task is.

    Progress goes to standard error, so that output can be piped. On a terminal it is a bar
    with the time left (without colours under NO_COLOR); elsewhere a line at each tenth.
    """
    if sys.stderr.isatty():
        with _bar(task) as advance:
            yield advance
    else:
        yield _Lines(task)


@contextmanager
def _bar(task: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        Remaining(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as bar:
        number = bar.add_task(task, total=None, note="")

        def advance(done: int, total: int | None, note: str) -> None:
            bar.update(number, completed=done, total=total)
            if note:
                bar.update(number, note=note)

        yield advance


class _Lines:
    """One line per tenth of the work, or every ten seconds when its size is unknown."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._tenth = 0
        self._next = time.monotonic() + 10

    def __call__(self, done: int, total: int | None, note: str) -> None:
        note = f"  {note}" if note else ""
        if total is None:
            if time.monotonic() >= self._next:
                self._next = time.monotonic() + 10
                print(f"{self._task}: {done:,}{note}", file=sys.stderr, flush=True)
        elif done * 10 // total > self._tenth:
            self._tenth = done * 10 // total
            print(f"{self._task}: {self._tenth * 10} %{note}", file=sys.stderr, flush=True)
