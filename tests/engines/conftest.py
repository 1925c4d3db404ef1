"""The conformance tests of clusters explain their failures like any test."""

import signal

import pytest

pytest.register_assert_rewrite("cluster_conformance")


@pytest.fixture
def ctrl_c():
    """Python's own answer to Ctrl-C, also where the tests were started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
