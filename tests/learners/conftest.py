"""Small sketches, and a comparison of fits bit by bit."""

import signal

import numpy as np
import pytest
import torch

import sketchlearn as sl


@pytest.fixture(autouse=True)
def small_evaluations(monkeypatch):
    """Evaluate with 512 records per half instead of 4096: fits of a few steps take less time."""
    monkeypatch.setattr("sketchlearn.learners.training.EVALUATION_RECORDS", 512)


@pytest.fixture(scope="session")
def gaussian():
    """Sketch of 500 records of a correlated Gaussian in the plane."""
    rng = np.random.default_rng(0)
    records = rng.normal(size=(500, 2)) @ np.array([[1.0, 0.5], [0.0, 0.7]]) + [3.0, -1.0]
    return sl.sketch(records, size=40)


@pytest.fixture(scope="session")
def same():
    """Return whether two fits have the same weights and history, bit for bit."""

    def compare(one, other):
        mine, theirs = (f.model.generator.state_dict() for f in (one, other))
        assert mine.keys() == theirs.keys()
        equal = all(torch.equal(mine[name], theirs[name]) for name in mine)
        return equal and one.history == other.history and one.status == other.status

    return compare


@pytest.fixture
def ctrl_c():
    """Python's own answer to Ctrl-C, also where the tests were started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
