"""What is measured, checked before anything is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sketchlearn.errors import MeasurementError
from sketchlearn.inverse.foreign import own_operator
from sketchlearn.inverse.images import Layout
from sketchlearn.inverse.operators import Operator


def checked_noise(noise: Any) -> float:
    """Return σ as a number.

    Raises:
        MeasurementError: it is missing, zero, negative or not finite.
    """
    number = isinstance(noise, int | float | np.number) and not isinstance(noise, bool)
    if not number or not 0 < noise < math.inf:
        raise MeasurementError(
            f"noise={noise!r} was given; it is the deviation of the noise in each measurement, in "
            "the units of the images, and positive. Where there is none, give what measurements "
            "are rounded to."
        )
    return float(noise)


def checked_measurements(
    y: Any, operator: Any, layout: Layout, parameters: dict[str, Any] | None = None
) -> tuple[Tensor, Operator]:
    """Return measurements (n, ...) with an operator of ours for them.

    Raises:
        MeasurementError: y holds NaN, or has another shape than the operator's measurements.
        OperatorError: the operator is not linear, or for other images.
    """
    tensor = checked_finite(y)
    scale = float(tensor.abs().max())
    known = own_operator(operator, len(tensor), layout.planes, parameters, scale)
    return _shaped(tensor, known.measured(layout.planes), layout), known


def checked_finite(y: Any) -> Tensor:
    """Return measurements as float32 numbers.

    Raises:
        MeasurementError: there are none, they are no real numbers, or some are not finite.
    """
    tensor = _numbers(y)
    if not tensor.ndim or not len(tensor):
        raise MeasurementError(
            f"Measurements of shape {tuple(tensor.shape)} were given; the first axis is that of "
            "images, and there is none. For one image give y[None]."
        )
    bad = (~torch.isfinite(tensor.flatten(1) if tensor.ndim > 1 else tensor[:, None])).any(dim=1)
    if bad.any():
        raise MeasurementError(
            f"The measurements of {int(bad.sum())} of {len(tensor)} images hold NaN or infinite "
            f"values, the first of image {int(bad.int().argmax())}. Where pixels are missing, give "
            "0 there and a Mask as operator."
        )
    return tensor


def _numbers(y: Any) -> Tensor:
    """Return a copy as float32, on the CPU."""
    try:
        given = y.detach().cpu() if isinstance(y, Tensor) else np.asarray(y)
        kind = "complex" if isinstance(given, Tensor) and given.is_complex() else given.dtype
        if isinstance(given, Tensor) and kind != "complex":
            return given.to(torch.float32).clone()
        if isinstance(given, np.ndarray) and given.dtype.kind in "buifO":
            with np.errstate(over="ignore"):  # what overflows is infinite, and refused as such
                return torch.from_numpy(np.array(given, dtype=np.float32, order="C"))
    except (TypeError, ValueError, OverflowError) as error:
        raise MeasurementError(
            f"The measurements are no array of numbers: {error}. Give one of real numbers (n, "
            "...), as many for each image."
        ) from error
    raise MeasurementError(
        f"Measurements of type {kind} were given; they are real numbers. Give an array or tensor "
        "of floats, for complex ones real and imaginary parts."
    )


def _shaped(y: Tensor, wanted: tuple[int, ...], layout: Layout) -> Tensor:
    """Return measurements (n, *wanted), taken from the layout of records where they are images."""
    given = tuple(y.shape[1:])
    if given == wanted:
        return y
    if len(wanted) == 3:
        if len(layout.image) == 3 and layout.image != layout.planes and given == _last(wanted):
            return y.movedim(-1, 1)  # planes last, as records have them
        of_row = wanted[1] == 1 and given == wanted[2:]
        if wanted[0] == 1 and (given == wanted[1:] or of_row):
            return y.reshape(len(y), *wanted)
    colour = ""
    if len(wanted) == 3 and len(given) in (2, 3) and {wanted[0], _planes_in(given)} == {1, 3}:
        colour = " One is of colour images, the other of grey ones."
    alone = tuple(y.shape) in (wanted, wanted[1:], _last(wanted))
    remedy = "For one image give y[None]." if alone else f"Give y of shape {(len(y), *wanted)}."
    raise MeasurementError(
        f"Measurements of shape {given} for each of {len(y)} images were given; the operator "
        f"makes {wanted} of the model's images {layout.image}.{colour} {remedy}"
    )


def _last(planes: tuple[int, ...]) -> tuple[int, ...]:
    return *planes[1:], planes[0]


def _planes_in(shape: tuple[int, ...]) -> int:
    if len(shape) == 2:
        return 1
    return shape[-1] if shape[-1] in (1, 3) else shape[0]
