"""What every learnt model has: a folder it is written to and read from, and a card."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from sketchlearn.encoding import Schema
from sketchlearn.privacy import Ledger
from sketchlearn.privacy.page import privacy_page
from sketchlearn.storage import require_replaceable, tensor_bytes, write_folder

WEIGHTS = "model.safetensors"
_FILES = (WEIGHTS, "config.json", "README.md", "history.jsonl", "status.txt")


SchemaT = TypeVar("SchemaT", bound=Schema)


class Model(ABC, Generic[SchemaT]):
    """What a learner returns. It needs neither the data nor the sketch any more.

    Attributes:
        ledger: releases of the sketch that it was learnt from; empty where that was exact.
        family: what kind of model it is, by which a folder is read; "" for a generative network,
            whose folders were the first.
        schema: columns and standardisation of the records.
    """

    family: ClassVar[str]
    schema: SchemaT
    ledger: Ledger = Ledger()

    @abstractmethod
    def card(self) -> str:
        """Return the model card, in Markdown."""

    @abstractmethod
    def document(self) -> dict[str, Any]:
        """Return what a folder says of the model, but for its arrays, as JSON values."""

    @abstractmethod
    def tensors(self) -> dict[str, np.ndarray]:
        """Return every array of the model by the name it has in files."""

    def save(self, path: str | Path, extra: dict[str, bytes] | None = None) -> None:
        """Write the model as a folder: arrays, a readable configuration and a model card.

        Args:
            path: the folder; an older model there is replaced whole.
            extra: further files, "history.jsonl" and "status.txt".

        Raises:
            StorageError: the folder cannot be written, or is something else than a model.
        """
        self.require_target(path)
        document = self.document()
        if self.family:
            document = {"family": self.family, **document}
        if self.ledger:
            document = {**document, "ledger": self.ledger.to_document()}
        files = {
            WEIGHTS: tensor_bytes("model", document, self.tensors()),
            "config.json": json.dumps(document, indent=1).encode(),
            "README.md": f"{self.card()}\n{self.privacy()}".encode(),
            **(extra or {}),
        }
        write_folder(path, files)

    def privacy(self) -> str:
        """Return what the card says of the records' privacy, in Markdown."""
        if not self.ledger:
            return "## Privacy\n\nLearnt from an exact sketch: no promise is made to any record.\n"
        return "## Privacy\n\n" + privacy_page(self.ledger).replace("\n", "\n\n") + "\n"

    @staticmethod
    def require_target(path: str | Path) -> None:
        """Raise StorageError where `save` would refuse: on anything but a model of ours."""
        require_replaceable(path, WEIGHTS, "model", _FILES)
