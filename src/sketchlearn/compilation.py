"""Compiling the inner loops: once, cached on disk where that is possible, without the GIL."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from numba import njit

_LOGGER = logging.getLogger(__name__)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function of numbers and arrays on its first call, and keep the machine code.

    The code is cached beside the source, or in the user's cache folder, or in the folder that
    `NUMBA_CACHE_DIR` names; where none can be written it is compiled anew by each process,
    which takes a few seconds and is logged. Floating-point operations are those that are
    written, in that order: results do not depend on the processor.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError as error:
        _LOGGER.info(
            "%s is compiled anew in every process (%s). Set NUMBA_CACHE_DIR to a folder that "
            "can be written to keep it.",
            function.__name__,
            error,
        )
        return njit(**options)(function)
