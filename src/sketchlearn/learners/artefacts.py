"""Reading whatever the library has written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sketchlearn.errors import FileFormatError, StorageError
from sketchlearn.sketches import Plan, Sketch
from sketchlearn.storage import kind_of


def load(path: str | Path, generator: Any = None, network: Any = None) -> Any:
    """Read a plan, a sketch or a model; the content says which.

    Args:
        path: a file, or the folder of a model.
        generator: the module of a model that was learnt with a user's own architecture.
        network: the feature network of a plan or sketch that was made with a user's own.

    Raises:
        StorageError: there is nothing at `path`.
        FileFormatError: it is nothing the library wrote, of a newer version, cut or edited.
        PlanError: the network is not the one of the plan.
    """
    path = Path(path)
    if not path.exists():
        raise StorageError(f"There is nothing at {path}. Check the path.")
    if path.is_dir():
        from sketchlearn.models.reading import read_model

        return read_model(path, generator)
    try:
        with path.open("rb") as file:
            start = file.read(1)
    except OSError as error:
        raise StorageError(f"Could not read {path}: {error.strerror}.") from error
    if start == b"{":
        plan = Plan.load(path)
        return plan if network is None else plan.with_network(network)
    kind = kind_of(path)
    if kind == "sketch":
        sketch = Sketch.load(path)
        if network is not None:
            sketch.plan = sketch.plan.with_network(network)
        return sketch
    raise FileFormatError(
        f"{path} is a {kind!r} file; load reads plans, sketches and the folders of models."
    )
