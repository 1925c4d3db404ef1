"""The solver as a module, called as deepinv calls its reconstructors."""

from __future__ import annotations

from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from sketchlearn.errors import MeasurementError
from sketchlearn.inverse.gaussian import GaussianLaw
from sketchlearn.inverse.images import Layout
from sketchlearn.inverse.measurements import checked_measurements
from sketchlearn.inverse.reconstruction import Method, Prior, no_prior, reconstruct
from sketchlearn.sketches import Sketch


@final
class Reconstructor(nn.Module):
    """`forward(y, physics)` gives images (n, planes, height, width), as deepinv's models do.

    It is no subclass of deepinv's `Reconstructor`, and needs no deepinv: whatever takes a module
    with such a forward takes it, `deepinv.test` among them. Nothing of it is trained, and no
    gradient passes through it.

    Args:
        model: a prior that `reconstruct` takes.
        tau: see `reconstruct`.
        method: see `reconstruct`.

    Raises:
        OptionError: the model is none of these.
    """

    def __init__(
        self, model: Prior, tau: float | Literal["auto"] = "auto", method: Method | None = None
    ) -> None:
        super().__init__()
        if not isinstance(model, Prior):
            raise no_prior(model)
        self.model, self.method = model, method
        self.tau: float | Literal["auto"] = tau
        if isinstance(model, GaussianLaw):
            self._layout = model.layout
        else:
            schema: Any = model.plan.schema if isinstance(model, Sketch) else model.schema
            self._layout = Layout(schema.image or (schema.dimension,))

    def forward(self, y: Tensor, physics: Any, sigma: Any = None, **parameters: Any) -> Tensor:
        """Reconstruct images (n, planes, height, width).

        Args:
            y: measurements, first axis that of images.
            physics: with `A`, and `A_adjoint` where it has one, for (n, planes, height, width).
            sigma: deviation of the noise; by default that of `physics.noise_model`.
            **parameters: passed on to the methods of the physics.

        Raises:
            MeasurementError: no deviation of the noise is given or known, or y cannot be used.
            OperatorError: the physics is not linear, has an adjoint that is none, or is for other
                images.
        """
        noise = _deviation(physics, sigma)
        _, operator = checked_measurements(y, physics, self._layout, parameters)
        found = reconstruct(y, operator, self.model, noise=noise, tau=self.tau, method=self.method)
        flat = torch.from_numpy(found.images).flatten(1)
        return self._layout.to_planes(flat).to(y.device)


def _deviation(physics: Any, sigma: Any) -> float:
    """Return σ as one number."""
    if sigma is None:
        sigma = getattr(getattr(physics, "noise_model", None), "sigma", None)
    if isinstance(sigma, Tensor):
        levels = sigma.detach().flatten().unique()
        if len(levels) > 1:
            raise MeasurementError(
                f"The noise has {len(levels)} deviations, one for each image; it must have one. "
                "Reconstruct images of one deviation at a time."
            )
        sigma = levels.item() if len(levels) else None
    if sigma is None:
        raise MeasurementError(
            "The physics does not say how much noise it adds. Give its deviation, sigma=..."
        )
    return float(sigma)
