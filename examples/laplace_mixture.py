"""Add a learner: a mixture of Laplace laws from a sketch, in one file.

    python -m examples.laplace_mixture

A component has independent columns of density exp(-|x - c|/b)/2b. Its expected features have a
closed form, exp(iω·c) Π 1/(1 + ω²b²), and that is all a learner has to know of its model:
docs/add-a-learner.md says the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy.optimize import least_squares

import sketchlearn as sl
from sketchlearn.encoding import Records, VectorSchema
from sketchlearn.errors import FitError
from sketchlearn.learners.fit import Fit, Status, require_sketch
from sketchlearn.learners.mixture_options import require_components, require_seed
from sketchlearn.models.mixture import Mixture


@final
class LaplaceMixtureModel(Mixture):
    """A mixture of Laplace laws of the records."""

    family = "laplace mixture"

    def __init__(
        self, schema: VectorSchema, weights: np.ndarray, centers: np.ndarray, widths: np.ndarray
    ) -> None:
        self.schema = schema
        self.weights = weights
        self.encoded_centers = centers
        self.encoded_widths = widths

    def encoded_joint(self, encoded: np.ndarray) -> np.ndarray:
        """Return log-densities of encoded records (n, d) with their components, shape (n, k)."""
        distances = np.abs(encoded[:, None] - self.encoded_centers) / self.encoded_widths
        heights = np.log(self.weights) - np.log(2 * self.encoded_widths).sum(axis=1)
        return heights - distances.sum(axis=2)

    def sample(self, count: int, seed: int = 0) -> Records:
        """Draw records in the source's own columns and units."""
        rng = np.random.default_rng(seed)
        of = rng.choice(len(self.weights), count, p=self.weights)
        drawn = rng.laplace(self.encoded_centers[of], self.encoded_widths[of])
        return self.schema.unlabelled().decode(drawn)

    def card(self) -> str:
        """Return the model card, in Markdown."""
        return f"# A mixture of {len(self.weights)} Laplace laws learnt from a sketch\n"

    def document(self) -> dict[str, Any]:
        """Return the schema."""
        return {"schema": self.schema.to_document()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return weights, centers and widths."""
        return {
            "weights": self.weights,
            "centers": self.encoded_centers,
            "widths": self.encoded_widths,
        }


@dataclass(frozen=True)
class LaplaceMixture:
    """Learn a mixture of Laplace laws whose features equal the sketch's.

    Attributes:
        components: number of components, k.
        seed: of the start.
    """

    components: int
    seed: int = 0

    def __post_init__(self) -> None:
        require_components("components", self.components)
        require_seed(self.seed)

    def fit(self, sketch: sl.Sketch) -> Fit[LaplaceMixtureModel]:
        """Learn a mixture from a sketch.

        Raises:
            FitError: it is no sketch, or one of a table's rows.
            EmptySourceError: the sketch holds no record.
        """
        require_sketch(sketch)
        schema = sketch.plan.schema
        if not isinstance(schema, VectorSchema):
            raise FitError("The sketch is one of a table's rows; numeric columns were expected.")
        frequencies = sketch.plan.frequencies.astype(np.float64)  # (d, m)
        z = np.atleast_2d(sketch.mean())
        z = sketch.counts @ z / sketch.count  # (m,), all classes together
        start = sl.KMeans(self.components, self.seed).fit(sketch).model
        places = (start.centers - np.asarray(schema.center)) / np.asarray(schema.spread)
        if places.size * 2 + len(places) > len(z):
            raise FitError(f"{len(places)} components were asked for, of {len(z)} frequencies.")
        widths = np.full_like(places, 0.3)
        first = np.concatenate([np.log(start.weights), places.ravel(), np.log(widths).ravel()])

        def residual(point: np.ndarray) -> np.ndarray:
            gap = expected_features(*_parts(point, len(frequencies)), frequencies) - z
            return np.concatenate([gap.real, gap.imag])

        found = least_squares(residual, first)
        noise = (1 - np.abs(z) ** 2).sum() / sketch.count  # of so many records of any law
        excess = float((found.fun**2).sum() / noise)
        model = LaplaceMixtureModel(schema, *_parts(found.x, len(frequencies)))
        return Fit(model, [{"excess": excess}], Status.DIFFERS if excess > 2 else Status.FITS)


def _parts(point: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights (k,), centers and widths (k, d) of what is searched over."""
    count = len(point) // (1 + 2 * columns)
    weights = np.exp(point[:count])
    centers, widths = point[count:].reshape(2, count, columns)
    return weights / weights.sum(), centers, np.exp(widths)


def expected_features(
    weights: np.ndarray, centers: np.ndarray, widths: np.ndarray, frequencies: np.ndarray
) -> np.ndarray:
    """Return E exp(iω·x) of a mixture under frequencies (d, m), shape (m,)."""
    waves = np.exp(1j * centers @ frequencies)  # (k, m)
    damping = 1 / (1 + (widths[:, :, None] * frequencies) ** 2)  # (k, d, m)
    return weights @ (waves * damping.prod(axis=1))


def main() -> None:
    """Learn from a sketch of 50,000 records, and say what was found."""
    rng = np.random.default_rng(0)
    centers = np.array([[0.0, 0], [6, 0], [0, 6]])
    widths = np.array([[1.0, 0.5], [0.5, 1], [0.7, 0.7]])
    of = rng.choice(3, 50_000, p=[0.5, 0.3, 0.2])
    records = rng.laplace(centers[of], widths[of])
    fit = LaplaceMixture(3).fit(sl.sketch(records, size=300))
    spread, shift = (
        np.asarray(part) for part in (fit.model.schema.spread, fit.model.schema.center)
    )
    print(fit.status)
    for weight, center, width in zip(
        fit.model.weights, fit.model.encoded_centers, fit.model.encoded_widths, strict=True
    ):
        print(f"{weight:.3f} at {center * spread + shift} of widths {width * spread}")


if __name__ == "__main__":
    main()
