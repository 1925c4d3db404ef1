"""What is learnt."""

from sketchlearn.models.network import GenerativeModel

__all__ = ["GenerativeModel"]
