"""Rows of a table under a condition, from a model that was fitted without it.

First rejection: rows are drawn independently, and those that satisfy the condition are kept. That
is exact, and slow where few do. There it stops early, and Markov chains go on from what it found;
see `chains` for why they keep to the law.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from sketchlearn.encoding import TableRecords
from sketchlearn.errors import OptionError
from sketchlearn.models.chains import States, extended, satisfying, seed_of
from sketchlearn.models.drawing import draws
from sketchlearn.sources.row_rules import RowRules

if TYPE_CHECKING:
    from sketchlearn.models.network import GenerativeModel

# Rows drawn at once: at least, so that shares are known; at most, so that few are too many.
_FEWEST_AT_ONCE, _MOST_AT_ONCE = 2_048, 200_000
# How many are drawn before giving up is thought of, and how many in all at most.
_MOST_DRAWN, _MOST_TRIED = 1_000_000, 20_000_000
# Chains pay where fewer rows than this satisfy a condition: a row of a chain costs about 7 draws,
# an independent one 25 or more. There are at least so many chains, of about so many rows each.
_RARE, _FEWEST_CHAINS, _ROWS_PER_CHAIN = 0.04, 256, 10


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
        parts = [satisfying(rules, model, part)[0] for part in draws(model, count, seed, label)]
        return States.join(parts).rows
    rejection = _Rejection(rules, model, seed, label)
    found = rejection.run(count, max(_FEWEST_CHAINS, count // _ROWS_PER_CHAIN))
    if len(found) < count:
        chains = extended(rules, model, found, count, seed, label)
        if chains is not None:
            return TableRecords.join([found.rows, *chains])
        found = rejection.run(count, count)
    return found.rows.head(count)


@final
class _Rejection:
    """Independent draws, of which those that satisfy the rules are kept."""

    def __init__(self, rules: RowRules, model: GenerativeModel, seed: int, label: Any) -> None:
        self._rules, self._model, self._seed, self._label = rules, model, seed, label
        self._parts: list[States] = []
        self._times = self._found = self._drawn = 0

    def run(self, count: int, chains: int) -> States:
        """Draw on until `count` rows are found, or `chains` rows where few of all satisfy.

        Raises:
            OptionError: too few do.
        """
        size = max(count, _FEWEST_AT_ONCE)
        while True:
            wanted = min(count, chains) if self._found < _RARE * self._drawn else count
            if self._times and self._found >= wanted:
                return States.join(self._parts)
            if self._times:
                size = self._next_size(wanted)
            self._draw(size)

    def _draw(self, size: int) -> None:
        for part in draws(self._model, size, seed_of(self._seed, self._times), self._label):
            self._parts.append(satisfying(self._rules, self._model, part)[0])
            self._found += len(self._parts[-1])
        self._times += 1
        self._drawn += size

    def _next_size(self, wanted: int) -> int:
        found, drawn = self._found, self._drawn
        if drawn >= _MOST_DRAWN and not found:
            raise OptionError(
                f"where={self._rules.where!r} holds for none of {drawn:,} drawn rows. Look for a "
                "misspelt value, or a condition that no row of the data satisfies."
            )
        if drawn >= _MOST_DRAWN and found < wanted * drawn / _MOST_TRIED:
            raise OptionError(
                f"where={self._rules.where!r} holds for {found} of {drawn:,} drawn rows, too few "
                f"to draw {wanted:,} of them independently. Ask for fewer, or for less."
            )
        lacking = (wanted - found) * drawn / max(found, 1)
        return int(min(max(_FEWEST_AT_ONCE, 1.1 * lacking), _MOST_AT_ONCE))
