"""Encoded records drawn from a model, with the latents and classes they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from torch import Tensor

from sketchlearn.encoding import TableSchema
from sketchlearn.errors import LabelError
from sketchlearn.models.slot_kernels import draw_slots

if TYPE_CHECKING:
    from sketchlearn.models.network import GenerativeModel

# Records generated at a time, since the layers of an image generator outweigh its images; and
# records drawn at a time, before they are decoded.
_CHUNK, BLOCK = 2_048, 16_384


@final
@dataclass(frozen=True)
class Draws:
    """Records with what they were drawn from.

    Attributes:
        latents: shape (n, latent).
        classes: numbers of classes, int64, shape (n,).
        encoded: records, of a table with one slot of each column set, shape (n, d).
        codes: of a table the slot of each column that has any, int64, shape (n, columns).
        shares: the probability that each of these slots had, shape (n, columns).
    """

    latents: Tensor
    classes: np.ndarray
    encoded: np.ndarray
    codes: np.ndarray
    shares: np.ndarray

    def take(self, which: np.ndarray) -> Draws:
        """Return the draws of these numbers, in their order."""
        arrays = self.classes, self.encoded, self.codes, self.shares
        return Draws(self.latents[torch.from_numpy(which)], *(array[which] for array in arrays))

    def bare(self) -> Draws:
        """Return the draws with encoded records of no column, which take no memory."""
        return replace(self, encoded=self.encoded[:, :0].copy())

    @classmethod
    def join(cls, parts: Sequence[Draws]) -> Draws:
        """Return the draws of several parts, at least one."""
        names = "classes", "encoded", "codes", "shares"
        arrays = [np.concatenate([getattr(part, name) for part in parts]) for name in names]
        return cls(torch.cat([part.latents for part in parts]), *arrays)


def draws(model: GenerativeModel, count: int, seed: int, label: Any) -> Iterator[Draws]:
    """Yield independent records, some at a time; once without any for a count of 0.

    Raises:
        LabelError: the model knows no such class.
    """
    classes = _classes(model, count, seed, label)
    levels = slot_levels(model, count, seed)
    random = torch.Generator().manual_seed(seed)
    for top in range(0, max(count, 1), BLOCK):
        numbers = classes[top : top + BLOCK]
        latents = torch.empty(len(numbers), model.latent)
        for part in latents.split(_CHUNK):
            part.normal_(generator=random)
        yield draw(model, latents, numbers, levels[:, top : top + BLOCK])


def draw(
    model: GenerativeModel,
    latents: Tensor,
    classes: np.ndarray,
    levels: np.ndarray,
    kept: np.ndarray | None = None,
) -> Draws:
    """Draw the records of given latents.

    Args:
        model: what draws them.
        latents: shape (n, latent).
        classes: numbers of classes, shape (n,).
        levels: from `slot_levels`, shape (columns, n).
        kept: slots that are not drawn but given, -1 for those that are, shape (n, columns).
    """
    soft = np.empty((len(classes), model.schema.dimension))
    numbers = torch.from_numpy(classes)
    with torch.no_grad():
        for top in range(0, len(soft), _CHUNK):
            part = slice(top, top + _CHUNK)
            made = model.generate(latents[part], numbers[part]).numpy()
            np.clip(made, model.lower, model.upper, out=soft[part])
    if isinstance(model.schema, TableSchema):
        return Draws(latents, classes, *_one_hot(soft, model.schema, levels, kept))
    return Draws(latents, classes, soft, np.empty((len(soft), 0), int), np.empty((len(soft), 0)))


def slot_levels(model: GenerativeModel, count: int, seed: int) -> np.ndarray:
    """Return what decides the slots of rows: uniform numbers, shape (columns, count)."""
    columns = model.schema.encoded if isinstance(model.schema, TableSchema) else ()
    slotted = sum(column.slots > 0 for column in columns)
    return np.random.default_rng([seed, 1]).random((slotted, count))


def _one_hot(
    soft: np.ndarray, schema: TableSchema, levels: np.ndarray, kept: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw one slot of each column of soft rows (n, d); return rows, slots and their shares."""
    widths = np.array([column.width for column in schema.encoded])
    slots = np.array([column.slots for column in schema.encoded])
    numbers = (np.cumsum(widths) - 1)[[column.number for column in schema.encoded]]
    rows = np.zeros_like(soft)
    rows[:, numbers] = soft[:, numbers]
    shape = len(soft), int((slots > 0).sum())
    codes, shares = np.empty(shape, np.int64), np.empty(shape)
    kept = np.full(shape, -1) if kept is None else kept
    starts = (np.cumsum(widths) - widths)[slots > 0]
    draw_slots(soft, starts, slots[slots > 0], levels, kept, rows, codes, shares)
    return rows, codes, shares


def _classes(model: GenerativeModel, count: int, seed: int, label: Any) -> np.ndarray:
    if label is None:
        rng = np.random.default_rng(seed)
        return rng.choice(len(model.proportions), size=count, p=model.proportions)
    known = model.schema.label
    classes = known.classes if known else ()
    learnt = [name for name, p in zip(classes, model.proportions, strict=False) if p > 0]
    if label not in learnt:
        names = learnt[:20] if known else "no label at all"
        raise LabelError(f"The model has no class {label!r}; it was learnt with {names}.")
    return np.full(count, classes.index(label))
