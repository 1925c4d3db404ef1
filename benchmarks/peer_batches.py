"""Real images for the peers to train on, epoch after epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class Batches:
    """Images in an order that is new in every epoch.

    Args:
        images: pixels in [0, 1], shape (n, height, width).
        labels: whole numbers from 0 on, shape (n,).
        size: images per batch.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, size: int) -> None:
        self.image = (images.shape[1], images.shape[2])
        self.pixels = torch.as_tensor(images, dtype=torch.float32).flatten(1)  # (n, d)
        self.labels = torch.as_tensor(labels, dtype=torch.int64)
        self.classes = int(self.labels.max()) + 1
        self.size = size
        self.shown = 0
        self._mixed = _Epochs(torch.arange(len(self.pixels)))
        self._each = [_Epochs((self.labels == label).nonzero()[:, 0]) for label in self.counted]

    @property
    def counted(self) -> range:
        """The labels."""
        return range(self.classes)

    @property
    def passes(self) -> float:
        """Images shown, over images there are."""
        return self.shown / len(self.pixels)

    def next(self) -> tuple[Tensor, Tensor]:
        """Return pixels (size, d) and labels (size,), classes as they come."""
        chosen = self._mixed.next(self.size)
        self.shown += self.size
        return self.pixels[chosen], self.labels[chosen]

    def some_labels(self) -> Tensor:
        """Return labels (size,) drawn with replacement, without showing images."""
        return self.labels[torch.randint(len(self.labels), (self.size,))]

    def next_of_each(self) -> Tensor:
        """Return pixels of as many images of every class, (classes, size / classes, d)."""
        each = self.size // self.classes
        self.shown += each * self.classes
        return torch.stack([self.pixels[epochs.next(each)] for epochs in self._each])

    def some_of_each(self, most: int) -> list[Tensor]:
        """Return pixels of the first images of every class, (at most so many, d)."""
        return [self.pixels[self.labels == label][:most] for label in self.counted]


class _Epochs:
    """The numbers of some images, shuffled anew whenever they run out."""

    def __init__(self, members: Tensor) -> None:
        self._members = members
        self._waiting = members[:0]

    def next(self, count: int) -> Tensor:
        while len(self._waiting) < count:
            shuffled = self._members[torch.randperm(len(self._members))]
            self._waiting = torch.cat([self._waiting, shuffled])
        chosen, self._waiting = self._waiting[:count], self._waiting[count:]
        return chosen
