"""The mathematics of a release: what a record can change, noise on integers, what it costs.

Nothing here knows plans or sketches; `sketchlearn.sketches.release` puts the parts together.
"""

from sketchlearn.privacy.blocks import Block, noise_scales
from sketchlearn.privacy.charges import MECHANISMS, RELATIONS, Charge, Mechanism, Relation
from sketchlearn.privacy.ledger import Budget, Ledger

__all__ = [
    "MECHANISMS",
    "RELATIONS",
    "Block",
    "Budget",
    "Charge",
    "Ledger",
    "Mechanism",
    "Relation",
    "noise_scales",
]
