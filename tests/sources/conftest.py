"""The same forty records, whatever the kind of source."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def values() -> np.ndarray:
    """Records of three numbers, shape (40, 3)."""
    return np.random.default_rng(0).normal(size=(40, 3))


@pytest.fixture
def labels() -> np.ndarray:
    """One of three labels per record, shape (40,)."""
    return np.arange(40) % 3
