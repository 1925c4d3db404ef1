"""Generators made again from what is stored of them."""

from __future__ import annotations

from typing import Any

from torch import nn

from sketchlearn.errors import FileFormatError, OptionError
from sketchlearn.models.generators import MLP, Bounded, Clipped, Convolutional, Simplex, Tabular
from sketchlearn.models.movements import Moved


def build(architecture: dict[str, Any]) -> nn.Module:
    """Make a generator, with fresh weights, from what `architecture_of` returned.

    Raises:
        OptionError: the generator was a user's own module.
        FileFormatError: there is no generator of that name.
    """
    fields = dict(architecture)
    name = fields.pop("name")
    if name == "mlp":
        return MLP(**fields)
    if name == "convolutional":
        return Convolutional(**fields)
    if name in ("bounded", "clipped"):
        kind = Bounded if name == "bounded" else Clipped
        return kind(build(fields["inner"]), fields["lower"], fields["upper"])
    if name == "moved":
        return Moved(build(fields["inner"]), fields["image"])
    if name == "simplex":
        return Simplex(build(fields["inner"]), fields["center"], fields["spread"])
    if name == "tabular":
        return Tabular(build(fields["inner"]), fields["slots"], fields["numbers"])
    if name != "custom":
        raise FileFormatError(f"This release knows no generator called {name!r}; upgrade it.")
    raise OptionError(
        "This model was learnt with a generator of your own. Make that module and give it: "
        "load(path, generator=module)."
    )
