"""The butterflies of a Hadamard transform on whole vectors, written as LLVM instructions."""

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
def signed_butterfly(typing: Any, source: Any, signs: Any, target: Any) -> Any:  # noqa: ARG001
    """Multiply 16 consecutive vectors by signs, then by the 16 × 16 Hadamard matrix.

    Args:
        typing: given by the compiler.
        source: address of 16 vectors of LANES float32.
        signs: address of 16 float32.
        target: address of the result, which may be the source.
    """

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:  # noqa: ARG001
        read, sign, written = values
        one = ir.Constant(ir.IntType(64), 1)
        vectors = _load(builder, _places(builder, read, one, 16))
        scalar = builder.inttoptr(sign, ir.FloatType().as_pointer())
        for i, vector in enumerate(vectors):
            value = builder.load(builder.gep(scalar, [ir.Constant(ir.IntType(64), i)]))
            vectors[i] = builder.fmul(vector, broadcast(builder, value, _VECTOR))
        _store(builder, _transformed(builder, vectors), _places(builder, written, one, 16))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), emit


def _butterfly(count: int) -> Any:
    @_intrinsic
    def butterfly(typing: Any, address: Any, step: Any) -> Any:  # noqa: ARG001
        """Apply a small Hadamard matrix to vectors `step` vectors apart, in place."""

        def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:  # noqa: ARG001
            address, step = values
            places = _places(builder, address, step, count)
            _store(builder, _transformed(builder, _load(builder, places)), places)
            return context.get_dummy_value()

        return types.void(types.intp, types.intp), emit

    return butterfly


butterfly2, butterfly4, butterfly16 = _butterfly(2), _butterfly(4), _butterfly(16)


def broadcast(builder: ir.IRBuilder, value: Any, vector: ir.VectorType) -> Any:
    """Return a vector whose lanes all hold `value`."""
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, nothing, zeros)


def _places(builder: ir.IRBuilder, address: Any, step: Any, count: int) -> list[Any]:
    places: list[Any] = [builder.inttoptr(address, _VECTOR.as_pointer())]
    for _ in range(count - 1):
        places.append(builder.gep(places[-1], [step]))
    return places


def _load(builder: ir.IRBuilder, places: list[Any]) -> list[Any]:
    loaded: list[Any] = [builder.load(place) for place in places]
    for value in loaded:
        value.align = 4
    return loaded


def _store(builder: ir.IRBuilder, values: list[Any], places: list[Any]) -> None:
    for value, place in zip(values, places, strict=True):
        stored: Any = builder.store(value, place)
        stored.align = 4


def _transformed(builder: ir.IRBuilder, values: list[Any]) -> list[Any]:
    values, step = list(values), 1
    while step < len(values):
        for i in range(len(values)):
            if not i & step:
                a, b = values[i], values[i + step]
                values[i], values[i + step] = builder.fadd(a, b), builder.fsub(a, b)
        step *= 2
    return values
