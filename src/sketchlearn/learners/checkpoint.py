"""Checkpoints of a fit: what lets a killed one go on as if nothing had happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sketchlearn.errors import CheckpointError, FileFormatError
from sketchlearn.storage import digest_of, read_tensors, write_tensors


class Checkpoint:
    """One file that holds the newest state of one fit.

    Args:
        path: the file; it need not exist.
        identity: what the fit is of, as JSON values: its options and its sketch.
    """

    def __init__(self, path: str | Path, identity: dict[str, Any]) -> None:
        self._path = Path(path)
        self._identity = digest_of(identity)

    def exists(self) -> bool:
        """Say whether there is a state to go on from."""
        return self._path.is_file()

    def write(self, document: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        """Replace the state, whole or not at all."""
        arrays = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
        write_tensors(
            self._path, "checkpoint", {"identity": self._identity, "state": document}, arrays
        )

    def read(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Return the state.

        Raises:
            CheckpointError: it belongs to another fit, or cannot be read.
        """
        try:
            document, arrays = read_tensors(self._path, "checkpoint")
        except FileFormatError as error:
            raise CheckpointError(f"{error} Remove it to start the fit again.") from error
        if document.get("identity") != self._identity:
            raise CheckpointError(
                f"{self._path} is the checkpoint of a fit with other options or of another "
                "sketch. Give those again to go on, or remove it to start anew."
            )
        tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
        return document["state"], tensors
