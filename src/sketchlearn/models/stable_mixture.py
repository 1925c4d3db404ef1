"""A mixture of elliptical alpha-stable laws."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp
from scipy.stats import qmc

from sketchlearn.encoding import Records, VectorSchema
from sketchlearn.errors import FileFormatError
from sketchlearn.models.counts import require_count
from sketchlearn.models.mixture import Mixture
from sketchlearn.models.numbers import by_column, numbers_table
from sketchlearn.models.vectors import in_source_units

# Scales by which a density, a mixture of normal ones, is computed.
_SCALES = 1024


@final
class StableMixtureModel(Mixture):
    """A mixture of elliptical α-stable laws of the records, whose tails may have no variance.

    A component has the characteristic function exp(iω·c - (ωᵀΣω / 2)^(α/2)): α = 2 is the normal
    law of covariance Σ, α = 1 Cauchy's.

    Attributes:
        schema: columns and standardisation of the records.
        weights: of the components, heaviest first; they sum to 1, shape (k,).
        stabilities: α of each, in (0, 2), shape (k,).
        encoded_locations: centers of encoded records, shape (k, d).
        encoded_scatters: Σ of encoded records, shape (k, d, d).
    """

    family = "stable mixture"

    def __init__(
        self,
        schema: VectorSchema,
        weights: np.ndarray,
        stabilities: np.ndarray,
        encoded_locations: np.ndarray,
        encoded_scatters: np.ndarray,
    ) -> None:
        self.schema = schema
        self.weights = weights
        self.stabilities = stabilities
        self.encoded_locations = encoded_locations
        self.encoded_scatters = encoded_scatters
        self._roots = np.linalg.cholesky(encoded_scatters)

    @property
    def locations(self) -> np.ndarray:
        """Centers in the source's units, shape (k, d)."""
        return in_source_units(self.encoded_locations, self.schema)

    @property
    def scatters(self) -> np.ndarray:
        """Σ in the source's units, shape (k, d, d)."""
        spread = np.asarray(self.schema.spread)
        return self.encoded_scatters * np.outer(spread, spread)

    def sample(self, count: int, seed: int = 0) -> Records:
        """Draw records in the source's own columns and units.

        A stable law is a normal one of random scale. (Kanter, "Stable densities under change of
        scale and total variation inequalities", Annals of Probability, 1975.)

        Args:
            count: number of records.
            seed: same seed, same records.

        Raises:
            OptionError: `count` is negative or no whole number.
        """
        require_count(count)
        rng = np.random.default_rng(seed)
        of = rng.choice(len(self.weights), size=count, p=self.weights)
        levels = rng.random((count, 2))
        normal = rng.standard_normal((count, self.schema.dimension))
        encoded = np.empty_like(normal)
        for number, root in enumerate(self._roots):
            mine = of == number
            scales = positive_stable(levels[mine], self.stabilities[number] / 2)
            away = np.sqrt(scales)[:, None] * (normal[mine] @ root.T)
            encoded[mine] = self.encoded_locations[number] + away
        return self.schema.unlabelled().decode(encoded)

    def encoded_joint(self, encoded: np.ndarray) -> np.ndarray:
        """Return log-densities of encoded records (n, d) with their components, shape (n, k).

        They are means of normal densities over 1,024 scales, exact to about a hundredth.
        """
        joint = np.empty((len(encoded), len(self.weights)))
        levels = qmc.Sobol(2, scramble=False).random(_SCALES) + 0.5 / _SCALES
        dimension = encoded.shape[1]
        for number, root in enumerate(self._roots):
            away = encoded - self.encoded_locations[number]
            squares = (solve_triangular(root, away.T, lower=True) ** 2).sum(axis=0)
            scales = positive_stable(levels, self.stabilities[number] / 2)
            heights = -0.5 * dimension * np.log(2 * np.pi * scales) - np.log(np.diag(root)).sum()
            for top in range(0, len(away), 4096):
                part = slice(top, top + 4096)
                each = heights - 0.5 * squares[part, None] / scales  # (n, scales)
                joint[part, number] = logsumexp(each, axis=1) - np.log(_SCALES)
        return joint + np.log(self.weights)

    def card(self) -> str:
        """Return the model card, in Markdown."""
        return (
            "# A mixture of elliptical α-stable laws learnt from a sketch\n\n"
            f"{len(self.weights)} components over records of {self.schema.dimension} columns: "
            "weights, stabilities and locations.\n\n"
            + numbers_table(
                {
                    "weight": self.weights,
                    "stability": self.stabilities,
                    **by_column(self.schema.columns, self.locations),
                }
            )
            + "```python\nimport sketchlearn as sl\n\n"
            'sl.load("this folder").sample(1000, seed=0).to_numpy()\n```\n'
        )

    def document(self) -> dict[str, Any]:
        """Return the schema."""
        return {"schema": self.schema.to_document()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return weights, stabilities, locations and scatters."""
        return {
            "weights": self.weights,
            "stabilities": self.stabilities,
            "locations": self.encoded_locations,
            "scatters": self.encoded_scatters,
        }

    @classmethod
    def of_parts(cls, schema: VectorSchema, tensors: dict[str, np.ndarray]) -> StableMixtureModel:
        """Build the model that a folder holds.

        Raises:
            FileFormatError: arrays are missing, do not fit, or are no mixture.
        """
        names = "weights", "stabilities", "locations", "scatters"
        weights, stabilities, locations, scatters = (tensors[name] for name in names)
        shape = len(weights), schema.dimension
        fits = stabilities.shape == weights.shape and locations.shape == shape
        if not fits or scatters.shape != (*shape, schema.dimension):
            raise FileFormatError("The components of the model do not fit its schema.")
        try:
            return cls(schema, weights, stabilities, locations, scatters)
        except np.linalg.LinAlgError as error:
            raise FileFormatError("A scatter of the model is none.") from error


def positive_stable(levels: np.ndarray, power: float) -> np.ndarray:
    """Return scales A with E exp(-tA) = exp(-t^power), from uniform levels (n, 2)."""
    angle = np.pi * np.clip(levels[:, 0], 1e-12, 1 - 1e-12)
    wait = -np.log1p(-np.clip(levels[:, 1], 1e-300, 1 - 1e-16))
    first = np.sin(power * angle) / np.sin(angle) ** (1 / power)
    return first * (np.sin((1 - power) * angle) / wait) ** ((1 - power) / power)
