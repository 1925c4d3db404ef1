"""The statistics there are, and how a plan's document tells them."""

from __future__ import annotations

from typing import Any

from sketchlearn.features.contrasts import Contrasts
from sketchlearn.features.quadratic import Quadratic
from sketchlearn.features.statistic import Statistic

STATISTICS: dict[str, type[Statistic]] = {kind.name: kind for kind in (Quadratic, Contrasts)}


def statistic_from_document(document: dict[str, Any]) -> Statistic:
    """Build the statistic that `Statistic.to_document` described."""
    fields = dict(document)
    return STATISTICS[fields.pop("name")].of_fields(fields)
