"""Rows of a table under a condition, from a model that was fitted without it.

First rejection: rows are drawn independently, and those that satisfy the condition are kept. That
is exact, and slow where few do. There it stops early, and Markov chains go on from what it found.

The state of a chain is (u, c, r): latents, class and row, of law N(u; 0, I) p(c) K(r | u, c) held
to rows that satisfy the condition; K draws the slots of all columns independently. A transition
keeps c and some slots of r, chosen by coins that do not look at the state. It moves the others by
elliptical slice sampling (Murray, Adams and MacKay, AISTATS 2010): with v from N(0, I), it tries
u' = u cos t + v sin t, for t uniform on an arc around 0 and then on what is left of it when tries
that failed have cut it, each time with the other slots drawn afresh from K given u'. It takes the
first try whose row satisfies the condition and whose kept slots are together at least e times
as probable given u' as they were given u, e uniform on (0, 1).

Why the law stays: (u, v) and (u', v cos t - u sin t) are equally likely; tries that failed would
have failed as likely from the other end, at the same points; a slot drawn afresh has the density
that K gives it in the law, and e makes up for those kept. So a transition is reversible, also one
that gives up after some tries and stays. Rows found by rejection have the very law, and so has
every row after them: nothing is burnt in or tuned. Rows of one chain depend on each other.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch

from sketchlearn.encoding import TableRecords, TableSchema
from sketchlearn.errors import OptionError
from sketchlearn.models.drawing import BLOCK, Draws, draw, draws
from sketchlearn.sources.row_rules import RowRules

if TYPE_CHECKING:
    from sketchlearn.models.network import GenerativeModel

_LOGGER = logging.getLogger(__name__)

# Rows drawn at once: at least, so that shares are known; at most, so that few are too many.
_FEWEST_AT_ONCE, _MOST_AT_ONCE = 2_048, 200_000
# How many are drawn before giving up is thought of, and how many in all at most.
_MOST_DRAWN, _MOST_TRIED = 1_000_000, 20_000_000
# Chains pay where fewer rows than this satisfy a condition: a row of a chain costs 6 to 8 draws,
# and is worth about half an independent one. There are at least so many chains, of so many rows.
_RARE, _FEWEST_CHAINS, _ROWS_PER_CHAIN = 0.04, 256, 10
# Transitions from a row to the next that is taken. Of tries of a transition: the arc, and how many.
_TRANSITIONS, _ARC, _TRIES = 2, np.pi, 10
# How often a slot is kept of a column that the rules name. Others can be drawn afresh at no cost.
_KEPT = 0.8
# More chains than this that stay where they are make too many duplicates.
_MOST_STUCK = 0.1


def rows_under(
    rules: RowRules, model: GenerativeModel, count: int, seed: int, label: Any
) -> TableRecords:
    """Draw rows of a table that satisfy rules.

    Args:
        rules: columns that are computed, and a condition.
        model: a model of a table.
        count: number of rows.
        seed: same seed, same rows.
        label: draw rows of this class only; by default classes come in their proportions.

    Raises:
        LabelError: the model knows no such class.
        OptionError: a rule cannot be evaluated, or too few rows of the model satisfy it.
    """
    if rules.where is None:
        parts = [_satisfying(rules, model, part)[0] for part in draws(model, count, seed, label)]
        return _States.join(parts).rows
    rejection = _Rejection(rules, model, seed, label)
    found = rejection.run(count, max(_FEWEST_CHAINS, count // _ROWS_PER_CHAIN))
    if len(found) < count:
        chains = _extended(rules, model, found, count, seed)
        if chains is not None:
            return TableRecords.join([found.rows, *chains])
        found = rejection.run(count, count)
    return found.rows.head(count)


@final
@dataclass(frozen=True)
class _States:
    """Rows that satisfy the rules, and the draws they are decoded from."""

    draws: Draws
    rows: TableRecords

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: np.ndarray) -> _States:
        return _States(self.draws.take(which), self.rows.take(which))

    @classmethod
    def join(cls, parts: Sequence[_States]) -> _States:
        rows = TableRecords.join([part.rows for part in parts])
        return cls(Draws.join([part.draws for part in parts]), rows)


def _satisfying(
    rules: RowRules, model: GenerativeModel, draws: Draws
) -> tuple[_States, np.ndarray]:
    """Return those of some draws that satisfy the rules, and their numbers."""
    decoded = model.schema.decode(draws.encoded, draws.classes)
    assert isinstance(decoded, TableRecords)
    rows, passing = decoded.under(rules)
    return _States(draws.bare(), rows).take(passing), passing


@final
class _Rejection:
    """Independent draws, of which those that satisfy the rules are kept."""

    def __init__(self, rules: RowRules, model: GenerativeModel, seed: int, label: Any) -> None:
        self._rules, self._model, self._seed, self._label = rules, model, seed, label
        self._parts: list[_States] = []
        self._times = self._found = self._drawn = 0

    def run(self, count: int, chains: int) -> _States:
        """Draw on until `count` rows are found, or `chains` rows where few of all satisfy.

        Raises:
            OptionError: too few do.
        """
        size = max(count, _FEWEST_AT_ONCE)
        while True:
            wanted = min(count, chains) if self._found < _RARE * self._drawn else count
            if self._times and self._found >= wanted:
                return _States.join(self._parts)
            if self._times:
                size = self._next_size(wanted)
            self._draw(size)

    def _draw(self, size: int) -> None:
        for part in draws(self._model, size, _seed_of(self._seed, self._times), self._label):
            self._parts.append(_satisfying(self._rules, self._model, part)[0])
            self._found += len(self._parts[-1])
        self._times += 1
        self._drawn += size

    def _next_size(self, wanted: int) -> int:
        found, drawn = self._found, self._drawn
        if drawn >= _MOST_DRAWN and found < wanted * drawn / _MOST_TRIED:
            raise OptionError(
                f"where={self._rules.where!r} holds for {found} of {drawn:,} drawn rows, too few "
                f"to draw {wanted:,} of them independently. Ask for fewer, or for less."
            )
        lacking = (wanted - found) * drawn / max(found, 1)
        return int(min(max(_FEWEST_AT_ONCE, 1.1 * lacking), _MOST_AT_ONCE))


def _extended(
    rules: RowRules, model: GenerativeModel, found: _States, count: int, seed: int
) -> list[TableRecords] | None:
    """Return rows of chains that start at rows found, up to `count` with them, sweep by sweep.

    None where the chains do not move.
    """
    groups = [
        found.take(np.arange(top, min(top + BLOCK, len(found))))
        for top in range(0, len(found), BLOCK)
    ]
    parts: list[TableRecords] = []
    lacking, stuck, transitions = count - len(found), 0, 0
    while lacking:
        for number, before in enumerate(groups):
            states = before.take(np.arange(min(len(before), lacking)))
            for _ in range(_TRANSITIONS):
                transitions += 1
                states = _moved(rules, model, states, _seed_of(seed, transitions, 1))
            still = before.draws.latents[: len(states)] == states.draws.latents
            stuck += int(still.all(dim=1).sum())
            if not parts and stuck > _MOST_STUCK * len(states):
                _LOGGER.info("Chains under %r do not move; drawing independently.", rules.where)
                return None
            parts.append(states.rows)
            lacking -= len(states)
            groups[number] = states
            if not lacking:
                break
    _LOGGER.info(
        "%d rows were drawn independently, %d by chains from them, of which %d did not move.",
        len(found),
        count - len(found),
        stuck,
    )
    return parts


def _moved(rules: RowRules, model: GenerativeModel, states: _States, seed: int) -> _States:
    """Return the states after one transition."""
    draws, count = states.draws, len(states)
    rng = np.random.default_rng(seed)
    other = torch.empty_like(draws.latents).normal_(generator=torch.Generator().manual_seed(seed))
    kept = rng.random(draws.codes.shape) < _KEPT * _named(rules, model)
    least = _log_shares(draws.shares, kept) - rng.standard_exponential(count)
    high = rng.uniform(0, _ARC, count)
    low = high - _ARC
    waiting, place, parts, total = np.arange(count), np.arange(count), [states], count
    for _ in range(_TRIES):
        angle = rng.uniform(low, high)
        low, high = np.where(angle < 0, angle, low), np.where(angle < 0, high, angle)
        turn = torch.from_numpy(angle[waiting, None]).float()
        latents = draws.latents[waiting] * turn.cos() + other[waiting] * turn.sin()
        levels = rng.random((kept.shape[1], len(waiting)))
        codes = np.where(kept[waiting], draws.codes[waiting], -1)
        tried = draw(model, latents, draws.classes[waiting], levels, codes)
        likely = np.flatnonzero(_log_shares(tried.shares, kept[waiting]) >= least[waiting])
        taken, passing = _satisfying(rules, model, tried.take(likely))
        place[waiting[likely[passing]]] = total + np.arange(len(taken))
        parts.append(taken)
        total += len(taken)
        waiting = np.delete(waiting, likely[passing])
    return _States.join(parts).take(place)


def _named(rules: RowRules, model: GenerativeModel) -> np.ndarray:
    """Tell of each column with slots whether rules name it, shape (columns,).

    A name in the text for another reason does no harm: it only slows the chains down.
    """
    schema = model.schema
    assert isinstance(schema, TableSchema)
    text = rules.text.lower()
    used = [column for column in schema.fields if column.name.lower() in text]
    names = {column.value if column.kind == "copy" else column.name for column in used}
    return np.array([column.name in names for column in schema.encoded if column.slots])


def _log_shares(shares: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the logarithm of how probable the kept slots are together, shape (n,)."""
    logs = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
    return (logs * kept).sum(axis=1)


def _seed_of(seed: int, part: int, kind: int = 0) -> int:
    """Return the seed of a part of a drawing; the first part has that of the whole."""
    if part == kind == 0:
        return seed
    entropy = [seed, part, kind] if kind else [seed, part]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)
