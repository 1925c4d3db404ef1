"""The generative model: a generator network with the schema that decodes its records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sketchlearn.encoding import Records, Schema, TableRecords, TableSchema, schema_from_document
from sketchlearn.errors import FileFormatError, LabelError, OptionError, SketchlearnError
from sketchlearn.models.generators import architecture_of, build
from sketchlearn.storage import read_tensors, require_replaceable, tensor_bytes, write_folder

_WEIGHTS = "model.safetensors"
_FILES = (_WEIGHTS, "config.json", "README.md", "history.jsonl", "status.txt")
# Records generated at a time; the layers of an image generator outweigh its images.
_CHUNK = 2_048

# Rows drawn at once to find those of a condition; how many before giving up is thought of, and
# how many are tried in all at most.
_MOST_AT_ONCE, _MOST_DRAWN, _MOST_TRIED = 200_000, 1_000_000, 20_000_000


class GenerativeModel:
    """A learnt generator. It needs neither the data nor the sketch any more.

    Attributes:
        generator: module from (n, latent + classes) to encoded records (n, d) or (n, *image).
        schema: columns, standardisation and label of the records.
        latent: dimension of the standard normal latents, l.
        proportions: probability of each class, shape (classes,).
        lower: smallest encoded value of each column in the data, shape (d,); samples stay above.
        upper: largest encoded value of each column in the data, shape (d,); samples stay below.
    """

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
        self, count: int, seed: int = 0, label: Any = None, where: str | None = None
    ) -> Records | TableRecords:
        """Draw records in the source's own columns and units.

        Args:
            count: number of records.
            seed: same seed, same records, on one machine.
            label: draw records of this class only; by default classes come in the proportions
                of the data.
            where: an SQL condition on the columns of a table, such as "age > 60 and sex = 'F'";
                rows are drawn until `count` of them satisfy it.

        Raises:
            LabelError: the model knows no such class.
            OptionError: `count` is negative; or `where` cannot be evaluated, is asked of a model
                that is none of a table, or holds for too few rows.
        """
        if where is not None:
            return self._sample_where(count, seed, label, where)
        if count < 0:
            raise OptionError(f"{count} records were asked for; the number must be 0 or more.")
        if not 0 <= seed < 2**63:
            raise OptionError(f"seed={seed} was given; it must be from 0 to 2**63 - 1.")
        classes = self._draw_classes(count, seed, label)
        random = torch.Generator().manual_seed(seed)
        parts = [np.empty((0, self.schema.dimension))]
        with torch.no_grad():
            for top in range(0, count, _CHUNK):
                numbers = torch.from_numpy(classes[top : top + _CHUNK])
                latents = torch.randn(len(numbers), self.latent, generator=random)
                parts.append(self.generate(latents, numbers).numpy().astype(np.float64))
        encoded = np.clip(np.concatenate(parts), self.lower, self.upper)
        if isinstance(self.schema, TableSchema):
            encoded = drawn_rows(encoded, self.schema, seed)
        return self.schema.decode(encoded, classes)

    def _sample_where(self, count: int, seed: int, label: Any, where: str) -> TableRecords:
        parts: list[TableRecords] = []
        found, drawn, size = 0, 0, max(count, _CHUNK)
        while not parts or found < count:
            records = self.sample(size, _seed_of(seed, len(parts)), label)
            if not isinstance(records, TableRecords):
                raise OptionError(
                    "where was given for a model that is none of a table. Sketch a table with "
                    "encoding='table', or choose among the records yourself."
                )
            parts.append(records.where(where))
            found, drawn = found + len(parts[-1]), drawn + size
            if found < count and drawn >= _MOST_DRAWN and found < count * drawn / _MOST_TRIED:
                raise OptionError(
                    f"where={where!r} holds for {found} of {drawn:,} drawn rows, too few to draw "
                    f"{count:,} of them. Ask for fewer, or for less."
                )
            lacking = (count - found) * drawn / max(found, 1)
            size = int(min(max(_CHUNK, 1.1 * lacking), _MOST_AT_ONCE))
        return TableRecords.join(parts).head(count)

    @property
    def _conditioned_on(self) -> int:
        return self.schema.class_count if self.schema.label else 0

    def _draw_classes(self, count: int, seed: int, label: Any) -> np.ndarray:
        if label is None:
            rng = np.random.default_rng(seed)
            return rng.choice(len(self.proportions), size=count, p=self.proportions)
        known = self.schema.label
        classes = known.classes if known else ()
        learnt = [name for name, p in zip(classes, self.proportions, strict=False) if p > 0]
        if label not in learnt:
            names = learnt[:20] if known else "no label at all"
            raise LabelError(f"The model has no class {label!r}; it was learnt with {names}.")
        return np.full(count, classes.index(label))

    def save(self, path: str | Path, extra: dict[str, bytes] | None = None) -> None:
        """Write the model as a folder: weights, a readable configuration and a model card.

        Args:
            path: the folder; an older model there is replaced whole.
            extra: further files, "history.jsonl" and "status.txt".

        Raises:
            StorageError: the folder cannot be written, or is something else than a model.
        """
        self.require_target(path)
        document = {
            "architecture": architecture_of(self.generator),
            "schema": self.schema.to_document(),
            "latent": self.latent,
        }
        tensors = {f"generator.{k}": v.numpy() for k, v in self.generator.state_dict().items()}
        tensors |= {"proportions": self.proportions, "lower": self.lower, "upper": self.upper}
        files = {
            _WEIGHTS: tensor_bytes("model", document, tensors),
            "config.json": json.dumps(document, indent=1).encode(),
            "README.md": self.card().encode(),
            **(extra or {}),
        }
        write_folder(path, files)

    @staticmethod
    def require_target(path: str | Path) -> None:
        """Raise StorageError where `save` would refuse: on anything but a model of ours."""
        require_replaceable(path, _WEIGHTS, "model", _FILES)

    @classmethod
    def load(cls, path: str | Path, generator: nn.Module | None = None) -> GenerativeModel:
        """Read a model folder.

        Args:
            path: the folder.
            generator: a module of the architecture the model was learnt with, when it was
                a user's own.

        Raises:
            StorageError: there is no such folder.
            FileFormatError: the weights are no model, of a newer version, cut short or edited,
                or do not fit the generator.
        """
        document, tensors = read_tensors(Path(path) / _WEIGHTS, "model")
        try:
            return cls._of_parts(document, tensors, generator)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            if isinstance(error, SketchlearnError):
                raise
            raise FileFormatError(
                f"The weights in {path} do not fit the generator, or parts of the model are "
                f"missing: {error}"
            ) from error

    @classmethod
    def _of_parts(
        cls, document: dict[str, Any], tensors: dict[str, np.ndarray], generator: nn.Module | None
    ) -> GenerativeModel:
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
            f"It draws records of {schema.dimension} columns{label} "
            f"from {self.latent} standard normal latents with {weights} weights.\n\n"
            "```python\nimport sketchlearn as sl\n\n"
            'sl.load("this folder").sample(1000, seed=0).to_numpy()\n```\n'
        )


def _seed_of(seed: int, part: int) -> int:
    """Return the seed of a part of a drawing; the first part has that of the whole."""
    if part == 0:
        return seed
    return int(np.random.SeedSequence([seed, part]).generate_state(1, np.uint64)[0] >> 1)


def drawn_rows(soft: np.ndarray, schema: TableSchema, seed: int) -> np.ndarray:
    """Draw one slot of each column of soft rows (n, d), each by its probabilities."""
    rng = np.random.default_rng([seed, 1])
    rows = np.zeros_like(soft)
    start = 0
    for column in schema.encoded:
        block = slice(start, start + column.slots)
        if column.slots:
            level = rng.random((len(soft), 1))
            edges = np.cumsum(soft[:, block], axis=1)
            codes = (level * edges[:, -1:] > edges).sum(axis=1)
            rows[np.arange(len(soft)), start + codes] = 1
        if column.number:
            rows[:, start + column.slots] = soft[:, start + column.slots]
        start += column.width
    return rows


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
