"""The data pass on an accelerator, in plain torch: the same features, summed in integers there."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from sketchlearn.errors import OptionError
from sketchlearn.features.projection import UNIT, Projection

_LOGGER = logging.getLogger(__name__)

# As in the compiled kernel: half a unit less than one keeps a record's norm at most 1.
_WHOLE = (1 - 2.0**-21) / UNIT

# Features per chunk at first, and the fewest before memory counts as too small.
_MOST_FEATURES, _FEWEST_FEATURES = 2**27, 2**16


def on_device(projection: Projection, device: str) -> Projection:
    """Return a projection that sums on a device; where it cannot be used, log it and stay here.

    Args:
        projection: the one for the processor.
        device: torch's name of the device, such as "cuda".

    Raises:
        OptionError: torch knows no such device.
    """
    try:
        known = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise OptionError(
            f"device={device!r} was given, which torch does not know. Give cpu, or an accelerator "
            "such as cuda or cuda:1."
        ) from error
    try:
        torch.zeros(1, device=known).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        _LOGGER.warning("Device %r cannot be used (%s); sketching on the CPU.", device, reason)
        return projection
    parts = projection.frequencies, projection.dither, projection.harmonics
    return DeviceProjection(*parts, device=device, fallback=projection)


@dataclass(frozen=True, eq=False)
class DeviceProjection(Projection):
    """Frequencies on a device.

    A sum differs from the processor's by at most three units a record for the waves, and by the
    rounding of phases, whose products a device adds up in an order of its own.

    Attributes:
        device: torch's name of the device.
        fallback: what sums when the device has no memory even for few records at a time.
    """

    device: str = field(kw_only=True)
    fallback: Projection = field(kw_only=True)

    def add_near(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the features of float32 records (n, d) to int64 sums (2, m)."""
        chunk = max(1, _MOST_FEATURES // self.size)
        top = 0
        while top < len(records):
            try:
                total += self._sums(records[top : top + chunk])
                top += chunk
            except torch.OutOfMemoryError:
                chunk //= 2
                if chunk * self.size >= _FEWEST_FEATURES:
                    _LOGGER.info("%s is short of memory; %d records at a time.", self.device, chunk)
                    continue
                _LOGGER.warning("%s has no memory left; sketching on the CPU.", self.device)
                self.fallback.add_near(np.ascontiguousarray(records[top:]), total)
                return

    @cached_property
    def _precision(self) -> torch.dtype:
        # where float32 products may be cut to shorter formats, phases would be off by 10⁻³
        exact = torch.get_float32_matmul_precision() == "highest"
        return torch.float32 if exact else torch.float64

    @cached_property
    def _turns(self) -> Tensor:
        # the first of each run alone, since a device may multiply equal columns to unequal bits
        first = np.ascontiguousarray(self.turns[:, :: self.harmonics])
        return torch.from_numpy(first).to(self._precision).to(self.device)

    @cached_property
    def _multiples(self) -> Tensor:
        return torch.from_numpy(self.multiples).to(self._precision).to(self.device)

    @cached_property
    def _shifts(self) -> Tensor:
        return torch.from_numpy(self.shifts).to(self.device)

    @torch.no_grad()
    def _sums(self, records: np.ndarray) -> np.ndarray:
        rows = torch.from_numpy(np.ascontiguousarray(records)).to(self.device)
        turns = rows.to(self._precision) @ self._turns  # (n, d) @ (d, m) -> (n, m)
        if self.harmonics > 1:
            turns = turns.repeat_interleave(self.harmonics, dim=1)[:, : self.size] * self._multiples
        turns = (turns - turns.round()).float()
        if self.dither is not None:
            turns += self._shifts
            turns -= turns.round()
            positive = turns.abs() < 0.25, turns >= 0
            sums = [2 * part.sum(0, dtype=torch.int64) - len(rows) for part in positive]
        else:
            turns *= 2 * torch.pi
            # the cast truncates toward zero
            waves = (wave(turns).mul_(_WHOLE).to(torch.int32) for wave in (torch.cos, torch.sin))
            sums = [wave.sum(0, dtype=torch.int64) for wave in waves]
        return torch.stack(sums).cpu().numpy()
