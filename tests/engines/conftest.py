"""The conformance tests of clusters explain their failures like any test."""

import pytest

pytest.register_assert_rewrite("cluster_conformance")
