"""Markov chains over rows that satisfy a condition, from rows that were found to.

The state of a chain is (u, c, r): latents, class and row, of law N(u; 0, I) p(c) K(r | u, c) held
to rows that satisfy the condition; K draws the slots of all columns independently. A transition
keeps some slots of r and perhaps c, chosen by coins that do not look at the state. It moves the
rest by elliptical slice sampling (Murray, Adams and MacKay, AISTATS 2010): with v from N(0, I), it
tries u' = u cos t + v sin t, for t uniform on an arc around 0 and then on what is left of it when
tries that failed have cut it, each time with the rest drawn afresh, c from p and slots from K. It
takes the first try whose row satisfies the condition and whose kept slots are together at least
e times as probable as they were, e uniform on (0, 1).

Why the law stays: (u, v) and (u', v cos t - u sin t) are equally likely; tries that failed would
have failed as likely from the other end, at the same points; what is drawn afresh has the density
that it has in the law, and e makes up for slots kept. So a transition is reversible, also one that
gives up after some tries and stays. Rows found by rejection have the very law, and so has
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
from sketchlearn.models.drawing import BLOCK, Draws, draw
from sketchlearn.sources.row_rules import RowRules

if TYPE_CHECKING:
    from sketchlearn.models.network import GenerativeModel

_LOGGER = logging.getLogger(__name__)

# Transitions from a row to the next that is taken. Of tries of a transition: the arc, and how many.
_TRANSITIONS, _ARC, _TRIES = 2, np.pi, 10
# How often a slot is kept of a column that the rules name. Others can be drawn afresh at no cost.
# A class drawn afresh is often refused, since it decides much of a row.
_KEPT, _CLASS_KEPT = 0.8, 0.8
# More chains than this that stay where they are make too many duplicates.
_MOST_STUCK = 0.1


@final
@dataclass(frozen=True)
class States:
    """Rows that satisfy the rules, and the draws they are decoded from."""

    draws: Draws
    rows: TableRecords

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: np.ndarray) -> States:
        """Return the states of these numbers, in their order."""
        return States(self.draws.take(which), self.rows.take(which))

    @classmethod
    def join(cls, parts: Sequence[States]) -> States:
        """Return the states of several parts, at least one."""
        rows = TableRecords.join([part.rows for part in parts])
        return cls(Draws.join([part.draws for part in parts]), rows)


def satisfying(rules: RowRules, model: GenerativeModel, draws: Draws) -> tuple[States, np.ndarray]:
    """Return those of some draws that satisfy the rules, and their numbers."""
    decoded = model.schema.decode(draws.encoded, draws.classes)
    assert isinstance(decoded, TableRecords)
    rows, passing = decoded.under(rules)
    return States(draws.bare(), rows).take(passing), passing


def extended(
    rules: RowRules, model: GenerativeModel, found: States, count: int, seed: int, label: Any
) -> list[TableRecords] | None:
    """Return rows of chains that start at rows found, up to `count` with them, sweep by sweep.

    None where the chains do not move. Rows stay of their class where a label was asked for.
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
                states = _moved(rules, model, states, seed_of(seed, transitions, 1), label)
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


def _moved(
    rules: RowRules,
    model: GenerativeModel,
    states: States,
    seed: int,
    label: Any,
) -> States:
    """Return the states after one transition."""
    draws, count = states.draws, len(states)
    rng = np.random.default_rng(seed)
    other = torch.empty_like(draws.latents).normal_(generator=torch.Generator().manual_seed(seed))
    kept = rng.random(draws.codes.shape) < _KEPT * _named(rules, model)
    stays = (rng.random(count) < _CLASS_KEPT) | (label is not None)
    least = _log_shares(draws.shares, kept) - rng.standard_exponential(count)
    high = rng.uniform(0, _ARC, count)
    low = high - _ARC
    waiting, place, parts, total = np.arange(count), np.arange(count), [states], count
    for _ in range(_TRIES):
        angle = rng.uniform(low, high)
        low, high = np.where(angle < 0, angle, low), np.where(angle < 0, high, angle)
        turn = torch.from_numpy(angle[waiting, None]).float()
        latents = draws.latents[waiting] * turn.cos() + other[waiting] * turn.sin()
        codes = np.where(kept[waiting], draws.codes[waiting], -1)
        levels = rng.random(codes.T.shape)
        fresh = rng.choice(len(model.proportions), len(waiting), p=model.proportions)
        classes = np.where(stays[waiting], draws.classes[waiting], fresh)
        tried = draw(model, latents, classes, levels, codes)
        likely = np.flatnonzero(_log_shares(tried.shares, kept[waiting]) >= least[waiting])
        taken, passing = satisfying(rules, model, tried.take(likely))
        place[waiting[likely[passing]]] = total + np.arange(len(taken))
        parts.append(taken)
        total += len(taken)
        waiting = np.delete(waiting, likely[passing])
    return States.join(parts).take(place)


def _named(rules: RowRules, model: GenerativeModel) -> np.ndarray:
    """Tell of each column with slots whether rules name it, shape (columns,).

    A name in the text for another reason does no harm: it only slows the chains down.
    """
    schema = model.schema
    assert isinstance(schema, TableSchema)
    text = rules.text.lower()
    used = [column for column in schema.fields if column.name.lower() in text]
    names = {column.value if column.kind in ("copy", "derived") else column.name for column in used}
    return np.array([column.name in names for column in schema.encoded if column.slots])


def _log_shares(shares: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the logarithm of how probable the kept slots are together, shape (n,)."""
    logs = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
    return (logs * kept).sum(axis=1)


def seed_of(seed: int, part: int, kind: int = 0) -> int:
    """Return the seed of a part of a drawing; the first part has that of the whole."""
    if part == kind == 0:
        return seed
    entropy = [seed, part, kind] if kind else [seed, part]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)
