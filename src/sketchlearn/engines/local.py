"""The pass on this machine: reading, decoding and sketching overlap."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from sketchlearn.encoding import Missing
from sketchlearn.engines.checkpoint import PassCheckpoint
from sketchlearn.errors import EmptySourceError, OptionError
from sketchlearn.interrupts import interrupts_held
from sketchlearn.sketches import Plan, PlanOptions, Sketch
from sketchlearn.sketches.pilot import plan_from_pilot
from sketchlearn.sketches.sketch import open_like
from sketchlearn.sources import Batch, Source, open_source
from sketchlearn.sources.pilot import skip

OnBatch = Callable[[int, "int | None"], None]


def sketch(
    source: Any,
    plan: Plan | None = None,
    *,
    missing: Missing = "refuse",
    on_batch: OnBatch | None = None,
    threads: int | None = None,
    checkpoint: str | Path | None = None,
    **options: Any,
) -> Sketch:
    """Sketch a source that is read here; arguments and errors are those of `engines.sketch`.

    Memory does not depend on the number of records, nor the result on the number of threads.
    """
    if threads is not None and not (isinstance(threads, int) and threads >= 1):
        raise OptionError(f"threads={threads!r} was given; it is a whole number, at least 1.")
    opened, plan = _opened_with_plan(source, plan, missing, options)
    saved = PassCheckpoint(checkpoint, plan, opened, missing) if checkpoint else None
    start, read = saved.read() if saved and saved.exists() else (Sketch(plan), 0)
    running = _Pass(start, read, missing, threads or _cores())
    done = running.run(opened, on_batch, saved)
    if not running.read:
        raise EmptySourceError("The source holds no record. Check the path or the filter.")
    return done


def _opened_with_plan(
    source: Any, plan: Plan | None, missing: Missing, options: dict[str, Any]
) -> tuple[Source, Plan]:
    if plan is None:
        settings = PlanOptions(missing=missing, **options)
        opened = open_source(
            source, columns=settings.columns, label=settings.label, image=settings.image
        )
        pilot = opened.pilot(settings.pilot, settings.seed)
        return opened, plan_from_pilot(opened.schema, pilot, settings)
    return open_like(source, plan), plan


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Pass:
    """One reading of a source by several threads, each with a partial sketch of its own."""

    def __init__(self, start: Sketch, read: int, missing: Missing, threads: int) -> None:
        self.read = read  # records of the batches that are sketched
        self._missing: Missing = missing
        self._threads = threads
        self._parts: SimpleQueue[Sketch] = SimpleQueue()
        self._parts.put(start)
        for _ in range(threads - 1):
            self._parts.put(Sketch(start.plan))
        self._waiting: deque[tuple[int, Future[None]]] = deque()

    def run(self, source: Source, on_batch: OnBatch | None, saved: PassCheckpoint | None) -> Sketch:
        """Sketch what was not read before; return the sketch of all."""
        total = source.rows
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="sketch")
        with pool, interrupts_held() as held:
            batches = skip(source.batches(), self.read)
            while (batch := self._next(batches, saved)) is not None:
                self._waiting.append((len(batch), pool.submit(self._add, batch)))
                # one batch more than threads, so that none waits for the reader
                while len(self._waiting) > self._threads:
                    self._settle_one(on_batch, total)
                if held():
                    self._keep(saved)
                    raise KeyboardInterrupt
                if saved and saved.due():
                    self._settle(on_batch, total)
                    saved.write(self._whole(), self.read)
            self._settle(on_batch, total)
        return self._whole()

    def _next(self, batches: Iterator[Batch], saved: PassCheckpoint | None) -> Batch | None:
        try:
            return next(batches, None)
        except Exception:
            # the source failed: what was read before is whole, and is kept
            self._keep(saved)
            raise

    def _keep(self, saved: PassCheckpoint | None) -> None:
        if saved:
            self._settle(None, None)
            saved.write(self._whole(), self.read)

    def _add(self, batch: Batch) -> None:
        part = self._parts.get()
        try:
            part.add_batch(batch, self._missing)
        finally:
            self._parts.put(part)

    def _settle_one(self, on_batch: OnBatch | None, total: int | None) -> None:
        rows, future = self._waiting[0]
        future.result()
        self._waiting.popleft()
        self.read += rows
        if on_batch:
            on_batch(self.read, total)

    def _settle(self, on_batch: OnBatch | None, total: int | None) -> None:
        while self._waiting:
            self._settle_one(on_batch, total)

    def _whole(self) -> Sketch:
        """Merge the parts; only when no batch is under way."""
        parts = [self._parts.get() for _ in range(self._threads)]
        for part in parts:
            self._parts.put(part)
        return sum(parts[1:], parts[0])
