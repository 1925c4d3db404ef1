"""A small generator of known range, and one thread."""

import pytest
import torch
from known_ranges import generator_of


@pytest.fixture(scope="session")
def model():
    """Generator of 8 × 8 images from 12 latents."""
    return generator_of((8, 8))


@pytest.fixture(autouse=True)
def one_thread():
    """The same threads everywhere: small matrices gain nothing from more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
