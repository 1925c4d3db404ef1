"""The register tile: a small matrix product that keeps its sums in vector registers.

Written as LLVM instructions, since no compiler keeps two dozen vectors in registers by itself.
Each entry is one chain of fused multiply-adds over the inner dimension, in order, so that its
bits depend neither on its place in a tile nor on the width of the processor's vectors.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sketchlearn.features.butterfly import broadcast

_FLOAT, _INDEX = ir.FloatType(), ir.IntType(64)


def _shape() -> tuple[int, int, int]:
    """Return rows and vectors of a tile and the lanes of a vector, filling the registers."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 8, 3, 16  # 24 of 32 registers of 512 bits
    if features.get("avx2"):
        return 4, 3, 8  # 12 of 16 registers of 256 bits
    return 4, 2, 4


TILE_ROWS, _VECTORS, _LANES = _shape()
TILE_COLUMNS = _VECTORS * _LANES

# The compiler gives the typing context; type checkers need not know of it.
_intrinsic: Any = intrinsic


@_intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ARG001
    """Return a·b + c, rounded once."""
    signature = types.float32(types.float32, types.float32, types.float32)
    return signature, lambda context, builder, signature, values: builder.fma(*values)  # noqa: ARG005


def _tile_product(vectors: int) -> Any:
    """Return the product of a tile of TILE_ROWS rows and so many vectors of columns."""

    @_intrinsic
    def product(typing: Any, left: Any, right: Any, inner: Any, out: Any, add: Any) -> Any:  # noqa: ARG001
        """Write (or add) the product of two packed float32 panels, given by address.

        Args:
            typing: given by the compiler.
            left: address of a panel of shape (inner, TILE_ROWS).
            right: address of a panel of shape (inner, columns).
            inner: the inner dimension, at least 1.
            out: address of the result, shape (TILE_ROWS, columns).
            add: True to add to what stands at `out`.
        """
        signature = types.void(types.intp, types.intp, types.intp, types.intp, types.boolean)

        def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:  # noqa: ARG001
            _emit(builder, values, vectors)
            return context.get_dummy_value()

        return signature, emit

    return product


#: the widest tile, and narrower ones for panels that would hold little else than padding
tile_product, tile_product_2, tile_product_1 = map(_tile_product, (_VECTORS, 2, 1))
WIDTHS = (_VECTORS * _LANES, 2 * _LANES, _LANES)


def _emit(builder: ir.IRBuilder, values: Any, vectors: int) -> None:
    left, right, inner, out, add = values
    vector = ir.VectorType(_FLOAT, _LANES)
    multiply_add = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(vector, [vector] * 3),
        f"llvm.fma.v{_LANES}f32",
    )
    left = builder.inttoptr(left, _FLOAT.as_pointer())
    right = builder.inttoptr(right, vector.as_pointer())
    out = builder.inttoptr(out, vector.as_pointer())
    places = [(row, part) for row in range(TILE_ROWS) for part in range(vectors)]

    def vector_at(pointer: Any, index: Any) -> Any:
        loaded = builder.load(builder.gep(pointer, [index]))
        loaded.align = 4  # type: ignore[assignment]
        return loaded

    def constant(value: int) -> Any:
        return ir.Constant(_INDEX, value)

    before = {
        (row, part): builder.select(
            add,
            vector_at(out, constant(row * vectors + part)),
            ir.Constant(vector, [0.0] * _LANES),
        )
        for row, part in places
    }
    entry = builder.block
    loop = builder.append_basic_block("inner")
    done = builder.append_basic_block("done")
    builder.branch(loop)

    builder.position_at_end(loop)
    k = builder.phi(_INDEX)
    k.add_incoming(constant(0), entry)
    sums = {place: builder.phi(vector) for place in places}
    for place in places:
        sums[place].add_incoming(before[place], entry)
    base = builder.mul(k, constant(vectors))
    columns = [vector_at(right, builder.add(base, constant(part))) for part in range(vectors)]
    base = builder.mul(k, constant(TILE_ROWS))
    after = {}
    for row in range(TILE_ROWS):
        value = builder.load(builder.gep(left, [builder.add(base, constant(row))]))
        spread = broadcast(builder, value, vector)
        for part in range(vectors):
            arguments = [spread, columns[part], sums[row, part]]
            after[row, part] = builder.call(multiply_add, arguments)
    following = builder.add(k, constant(1))
    k.add_incoming(following, loop)
    for place in places:
        sums[place].add_incoming(after[place], loop)
    builder.cbranch(builder.icmp_signed("<", following, inner), loop, done)

    builder.position_at_end(done)
    for row, part in places:
        place = builder.gep(out, [constant(row * vectors + part)])
        builder.store(after[row, part], place).align = 4  # type: ignore[attr-defined]
