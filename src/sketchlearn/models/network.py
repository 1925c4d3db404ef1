"""The generative model: a generator network with the schema that decodes its records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from sketchlearn.encoding import Records, Schema, TableRecords, TableSchema, schema_from_document
from sketchlearn.errors import OptionError
from sketchlearn.models.architectures import build
from sketchlearn.models.conditional import rows_under
from sketchlearn.models.counts import require_count
from sketchlearn.models.drawing import draws
from sketchlearn.models.generators import architecture_of
from sketchlearn.models.model import Model
from sketchlearn.sources.row_rules import RowRules


@final
class GenerativeModel(Model[Schema]):
    """A learnt generator. It needs neither the data nor the sketch any more.

    Attributes:
        generator: module from (n, latent + classes) to encoded records (n, d) or (n, *image).
        schema: columns, standardisation and label of the records.
        latent: dimension of the standard normal latents, l.
        proportions: probability of each class, shape (classes,).
        lower: smallest encoded value of each column in the data, shape (d,); samples stay above.
        upper: largest encoded value of each column in the data, shape (d,); samples stay below.
    """

    family = ""

    def __init__(
        self,
        generator: nn.Module,
        schema: Schema,
        latent: int,
        proportions: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
    ) -> None:
        self.generator = generator.eval()
        self.schema = schema
        self.latent = latent
        self.proportions = proportions
        self.lower = lower
        self.upper = upper

    def generate(self, latents: Tensor, classes: Tensor | None = None) -> Tensor:
        """Return encoded records (n, d) for latents (n, l) and class numbers (n,); differentiable.

        Records are those of the network itself, not clipped to the bounds of the data.
        """
        return conditional(self.generator, latents, classes, self._conditioned_on)

    def sample(
        self,
        count: int,
        seed: int = 0,
        label: Any = None,
        where: str | None = None,
        derive: Mapping[str, str] | None = None,
    ) -> Records | TableRecords:
        """Draw records in the source's own columns and units.

        Args:
            count: number of records.
            seed: same seed, same records, on one machine.
            label: draw records of this class only; by default classes come in the proportions
                of the data.
            where: an SQL condition on the columns of a table, such as "age > 60 and sex = 'F'",
                that every row satisfies. Where it holds for few rows of the model, some hundreds
                at least are drawn independently, and the others by Markov chains that start at
                them: each row follows the law of such rows, and depends on its chain's others.
            derive: SQL expressions for columns of a table that are computed from the others of
                their row, such as {"total": "food + rent"}, in order, before `where` is asked.

        Raises:
            LabelError: the model knows no such class.
            OptionError: `count` is negative; or `where` or `derive` cannot be evaluated, is asked
                of a model that is none of a table, or `where` holds for too few rows.
            MissingExtraError: `where` or `derive` is asked, and DuckDB is not installed.
        """
        require_count(count)
        if not 0 <= seed < 2**63:
            raise OptionError(f"seed={seed} was given; it must be from 0 to 2**63 - 1.")
        if where is None and not derive:
            made = draws(self, count, seed, label)
            parts: list[Any] = [self.schema.decode(part.encoded, part.classes) for part in made]
            records = parts[0].join(parts)
            return self.schema.stored(records) if isinstance(self.schema, TableSchema) else records
        if not isinstance(self.schema, TableSchema):
            raise OptionError(
                "where or derive was given for a model that is none of a table. Sketch a table "
                "with encoding='table', or choose among the records yourself."
            )
        _require_dependents(self.schema, derive or {})
        with RowRules(where, derive) as rules:
            return self.schema.stored(rows_under(rules, self, count, seed, label))

    @property
    def _conditioned_on(self) -> int:
        return self.schema.class_count if self.schema.label else 0

    def document(self) -> dict[str, Any]:
        """Return architecture, schema and latent dimension."""
        return {
            "architecture": architecture_of(self.generator),
            "schema": self.schema.to_document(),
            "latent": self.latent,
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the weights, the classes' proportions and the bounds."""
        weights = {f"generator.{k}": v.numpy() for k, v in self.generator.state_dict().items()}
        bounds = {"lower": self.lower, "upper": self.upper}
        return weights | {"proportions": self.proportions} | bounds

    @classmethod
    def of_parts(
        cls, document: dict[str, Any], tensors: dict[str, np.ndarray], generator: nn.Module | None
    ) -> GenerativeModel:
        """Build the model that a folder holds.

        Args:
            document: what the folder says of it.
            tensors: its arrays.
            generator: a module of the architecture the model was learnt with, when it was
                a user's own.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: parts are missing or do not fit.
        """
        if generator is None:
            # without storage: an absurd size in a hostile file then allocates nothing
            with torch.device("meta"):
                module = build(document["architecture"])
        else:
            module = generator
        prefix = "generator."
        weights = {
            name.removeprefix(prefix): torch.from_numpy(array.copy())
            for name, array in tensors.items()
            if name.startswith(prefix)
        }
        module.load_state_dict(weights, assign=generator is None)
        return cls(
            module,
            schema_from_document(document["schema"]),
            int(document["latent"]),
            tensors["proportions"],
            tensors["lower"],
            tensors["upper"],
        )

    def card(self) -> str:
        """Return the model card, in Markdown."""
        schema = self.schema
        weights = sum(p.numel() for p in self.generator.parameters())
        label = f", conditioned on `{schema.label.name}`" if schema.label else ""
        return (
            "# A generative network learnt from a sketch\n\n"
            f"It draws records of {len(schema.columns)} columns{label} "
            f"from {self.latent} standard normal latents with {weights} weights.\n\n"
            "```python\nimport sketchlearn as sl\n\n"
            'sl.load("this folder").sample(1000, seed=0).to_numpy()\n```\n'
        )


def conditional(
    generator: nn.Module, latents: Tensor, classes: Tensor | None, class_count: int
) -> Tensor:
    """Run a generator on latents (n, l) and one-hot classes; return flat records (n, d).

    `class_count` is 0 without a label, and nothing is appended to the latents then.
    """
    if class_count:
        assert classes is not None
        one_hot = nn.functional.one_hot(classes, class_count).to(latents.dtype)
        latents = torch.cat([latents, one_hot], dim=1)  # (n, l + classes)
    return generator(latents).flatten(1)


def _require_dependents(schema: TableSchema, derive: Mapping[str, str]) -> None:
    """Refuse to compute a column without those that follow it by the plan."""
    for column in schema.fields:
        tied = column.kind in ("copy", "derived") and column.value in derive
        if tied and column.name not in derive:
            raise OptionError(
                f"derive: {column.value!r} decides {column.name!r} in every row of the plan's "
                f"pilot, and computing the one alone would break that. Compute {column.name!r} too."
            )
