"""Images as operators see them, and as records hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from torch import Tensor

from sketchlearn.errors import OperatorError
from sketchlearn.features.image_shapes import planes_last, sides_of


@final
@dataclass(frozen=True)
class Layout:
    """How records become images of planes.

    Attributes:
        image: shape of one record as users give it: (height, width), (height, width, planes) with
            at most 4 planes, (planes, height, width), or (d,) where records are no images.
    """

    image: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.image) not in (1, 2, 3):
            raise OperatorError(
                f"Records of shape {self.image} are no images of two or three axes. Sketch images "
                "as (n, height, width), (n, height, width, planes) or (n, planes, height, width)."
            )

    @property
    def planes(self) -> tuple[int, int, int]:
        """(planes, height, width); records that are no images are one row of one plane."""
        if len(self.image) == 1:
            return 1, 1, self.image[0]
        height, width = sides_of(self.image)
        if len(self.image) == 2:
            return 1, height, width
        return self.image[2] if planes_last(self.image) else self.image[0], height, width

    def to_planes(self, records: Tensor) -> Tensor:
        """Turn flat records (..., d) into (..., planes, height, width)."""
        if planes_last(self.image):
            return records.unflatten(-1, self.image).movedim(-1, -3)
        return records.unflatten(-1, self.planes)

    def to_records(self, images: Tensor) -> Tensor:
        """Turn (..., planes, height, width) into (..., *image)."""
        if planes_last(self.image):
            return images.movedim(-3, -1)
        return images.flatten(-3).unflatten(-1, self.image)
