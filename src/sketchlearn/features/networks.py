"""Frozen networks between records and frequencies: what is sketched is what they say of a record.

A network is fixed before the pass and never learns from the data it sees there: wavelets, random
convolutions, or a user's own module that was trained elsewhere, on public images say.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from sketchlearn.errors import OptionError, PlanError
from sketchlearn.features.scattering import Scattering
from sketchlearn.storage import digest_of

# Records a network sees at a time in a pass; the last few are filled up with others, so that what
# it says of a record hardly depends on how the pass is split.
_PART = 256


@dataclass(frozen=True, eq=False)
class FeatureNetwork:
    """A network with fixed weights, from records to the numbers that frequencies see.

    Attributes:
        architecture: what makes a built-in network again; {"name": "custom"} for a user's own.
        shape: of what it says of one record: (k,), or (planes, height, width), or (height, width).
        digest: SHA-256 of its class and weights.
        module: from records in the source's own units, float32 of shape (n, d) or (n, *image), to
            (n, *shape); None where the file of a plan was read and the module not given yet.
    """

    architecture: dict[str, Any]
    shape: tuple[int, ...]
    digest: str
    module: nn.Module | None

    @classmethod
    def of(cls, module: nn.Module | str, record: tuple[int, ...]) -> FeatureNetwork:
        """Freeze a copy of a module, for records of a shape.

        Args:
            module: any module, or "scattering" for fixed wavelets.
            record: (d,) or the shape of an image.

        Raises:
            OptionError: the module fails on such records, or what it says of one depends on
                chance or on the others.
        """
        if isinstance(module, str):
            module = _built_in(module, record)
        if not isinstance(module, nn.Module):
            raise OptionError(
                f"network={module!r} was given; it must be a torch module or 'scattering'."
            )
        module = copy.deepcopy(module).cpu().float().eval().requires_grad_(False)
        shape = _shape_of(module, record)
        architecture = cast("dict[str, Any]", getattr(module, "architecture", {"name": "custom"}))
        return cls(architecture, shape, _digest(module), module)

    @property
    def size(self) -> int:
        """Numbers it says of a record, k."""
        return int(np.prod(self.shape))

    def with_module(self, module: nn.Module) -> FeatureNetwork:
        """Return the network with its module, for a plan that was read from a file.

        Raises:
            PlanError: it is another module, or its weights changed.
        """
        module = copy.deepcopy(module).cpu().float().eval().requires_grad_(False)
        if _digest(module) != self.digest:
            raise PlanError(
                f"The network given ({type(module).__name__}) is not the one the plan was made "
                f"with ({self.digest[:12]}), or its weights changed since. Give the module with "
                "the weights it had then, or make a new plan and sketch again."
            )
        return replace(self, module=module)

    def over(
        self, center: Sequence[float], spread: Sequence[float], image: tuple[int, ...] | None
    ) -> NetworkFeatures:
        """Return the network as a map of encoded records (n, d) to numbers (n, k).

        Raises:
            PlanError: the module of a plan that was read from a file was not given.
        """
        if self.module is None:
            raise PlanError(
                f"The plan has a feature network of your own ({self.digest[:12]}), which files do "
                "not hold. Give the module too: load(path, network=module)."
            )
        return NetworkFeatures(self.module, center, spread, image)

    def to_document(self) -> dict[str, Any]:
        """Return the network as JSON values, without its weights."""
        shape = list(self.shape)
        return {"architecture": self.architecture, "shape": shape, "digest": self.digest}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> FeatureNetwork:
        """Build what `to_document` described; a user's own module is not there yet.

        Raises:
            PlanError: this release makes a built-in network with other weights.
        """
        architecture, shape = dict(document["architecture"]), tuple(map(int, document["shape"]))
        found = cls(architecture, shape, str(document["digest"]), None)
        if architecture["name"] == "custom":
            return found
        options = {key: value for key, value in architecture.items() if key != "name"}
        return found.with_module(_BUILT_IN[architecture["name"]](**options))


class NetworkFeatures(nn.Module):
    """A frozen network as a map of encoded records (n, d) to numbers (n, k); differentiable."""

    center: Tensor
    spread: Tensor

    def __init__(
        self,
        module: nn.Module,
        center: Sequence[float],
        spread: Sequence[float],
        image: tuple[int, ...] | None,
    ) -> None:
        super().__init__()
        self.module, self.image = module, image
        self.register_buffer("center", torch.tensor(center, dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))

    def forward(self, encoded: Tensor) -> Tensor:
        """Map (n, d) to (n, k)."""
        records = encoded * self.spread + self.center
        if self.image is not None:
            records = records.view(-1, *self.image)
        return self.module(records).flatten(1)

    @torch.no_grad()
    def of(self, encoded: np.ndarray) -> np.ndarray:
        """Return what the network says of encoded records, float64, shape (n, k).

        Raises:
            OptionError: it says something that is no finite number.
        """
        records = torch.from_numpy(np.ascontiguousarray(encoded, dtype=np.float32))
        filled = torch.cat([records, records[:1].expand(-len(records) % _PART, -1)])
        said = torch.cat([self(part) for part in filled.split(_PART)])[: len(records)]
        if not torch.isfinite(said).all():
            raise OptionError(
                "The feature network says something of a record that is not finite. Check that it "
                "takes records in the source's own units, such as pixels from 0 to 255."
            )
        return said.double().numpy()


_BUILT_IN: dict[str, type[Scattering]] = {"scattering": Scattering}


def _built_in(name: str, record: tuple[int, ...]) -> nn.Module:
    if name not in _BUILT_IN:
        raise OptionError(
            f"network={name!r} was given; it must be a torch module or one of "
            f"{', '.join(map(repr, _BUILT_IN))}."
        )
    return _BUILT_IN[name](record)


def _digest(module: nn.Module) -> str:
    weights = {name: value.numpy() for name, value in module.state_dict().items()}
    return digest_of(type(module).__name__, weights)


@torch.no_grad()
def _shape_of(module: nn.Module, record: tuple[int, ...]) -> tuple[int, ...]:
    """Try a module on a few records; return the shape of what it says of one."""
    trial = torch.rand(3, *record, generator=torch.Generator().manual_seed(0))
    try:
        together, apart = module(trial), torch.cat([module(one[None]) for one in trial])
    except (RuntimeError, IndexError, ValueError, TypeError) as error:
        raise OptionError(
            f"The feature network failed on records of shape {(3, *record)}: {error}. It must map "
            "a batch of records, in the source's own units, to a batch of numbers."
        ) from error
    if together.shape != apart.shape or len(together) != 3 or together[0].numel() == 0:
        raise OptionError(
            f"The feature network gave shapes {tuple(together.shape)} for 3 records and "
            f"{tuple(apart.shape)} for each of them apart. It must give one row per record."
        )
    # what is not finite is told of real records, in the source's own units
    together, apart = together.nan_to_num(), apart.nan_to_num()
    if not torch.allclose(together, apart, rtol=1e-3, atol=1e-4 * float(together.abs().max())):
        raise OptionError(
            "What the feature network says of a record depends on the other records of its batch, "
            "or on chance. A sketch is a sum over records: give a network that looks at each alone."
        )
    return tuple(together.shape[1:])
