"""The butterfly of a Hadamard transform on whole vectors, written as LLVM instructions."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

# Records transformed side by side, one per lane, so that no step mixes lanes.
LANES = 16
_VECTOR = ir.VectorType(ir.FloatType(), LANES)

# The compiler gives the typing context; type checkers need not know of it.
_intrinsic: Any = intrinsic


@_intrinsic
def butterfly4(typing: Any, address: Any, step: Any) -> Any:  # noqa: ARG001
    """Apply the 4 × 4 Hadamard matrix to vectors that lie `step` vectors apart, in place.

    Args:
        typing: given by the compiler.
        address: of the first vector of LANES float32.
        step: distance to the next, in vectors.
    """
    return types.void(types.intp, types.intp), _emit(4)


@_intrinsic
def butterfly2(typing: Any, address: Any, step: Any) -> Any:  # noqa: ARG001
    """Apply the 2 × 2 Hadamard matrix to two vectors that lie `step` vectors apart, in place."""
    return types.void(types.intp, types.intp), _emit(2)


def _emit(count: int) -> Any:
    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:  # noqa: ARG001
        address, step = values
        pointer = builder.inttoptr(address, _VECTOR.as_pointer())
        places: list[Any] = [pointer]
        for _ in range(count - 1):
            places.append(builder.gep(places[-1], [step]))
        loaded = [_load(builder, place) for place in places]
        half = count // 2
        while half:
            pairs = [(i, i + half) for i in range(count) if not i & half]
            for i, j in pairs:
                a, b = loaded[i], loaded[j]
                loaded[i], loaded[j] = builder.fadd(a, b), builder.fsub(a, b)
            half //= 2
        for value, place in zip(loaded, places, strict=True):
            builder.store(value, place).align = 4  # type: ignore[attr-defined]
        return context.get_dummy_value()

    return emit


def _load(builder: ir.IRBuilder, place: Any) -> Any:
    loaded = builder.load(place)
    loaded.align = 4  # type: ignore[assignment]
    return loaded
