"""The verb that makes a sketch private."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sketchlearn.cli.data_verbs import privacy_of
from sketchlearn.cli.options import flags_of, given
from sketchlearn.cli.progress import progress
from sketchlearn.cli.reading import read_sketch
from sketchlearn.errors import OptionError
from sketchlearn.sketches.release import ReleaseOptions
from sketchlearn.storage import folder_alone, read_tensors, require_writable

ReleaseFlags = flags_of(ReleaseOptions)


def release(
    sketch: Path,
    /,
    *,
    out: Path,
    options: Annotated[ReleaseFlags, Parameter(name="*")],  # type: ignore[valid-type]
) -> None:
    """Write a sketch with noise that hides any one record; learn from it as often as you like.

    The release is entered in the ledger of the exact sketch, whose file is written again. There is
    no seed: noise that can be drawn again hides nothing.

    Example: sketchlearn release visits.sketch --epsilon 1 --delta 1e-6 --out visits.private
             sketchlearn info visits.private

    Args:
        sketch: the exact sketch, of a plan that was declared or made from public records.
        out: the released sketch to write.
        options: see `ReleaseOptions`.
    """
    if out.exists():
        what = "is the exact sketch" if out.samefile(sketch) else "is there already"
        raise OptionError(f"{out} {what}. Name another file to write.")
    with folder_alone(sketch):  # or two releases at once would each spend the whole budget
        loaded = read_sketch(sketch)
        embedded = "frequencies" in read_tensors(sketch, "sketch")[1]
        for path in (sketch, out):
            require_writable(path)
        with progress("drawing noise") as advance:
            advance(0, None, f"{loaded.sums.size:,} integers")
            released = loaded.release(**given(options))
        # what was spent is kept before anybody has what it was spent on
        loaded.save(sketch, embed_frequencies=embedded)
        released.save(out, embed_frequencies=embedded)
    print(privacy_of(released))
    print(f"Wrote {out} ({out.stat().st_size:,} bytes)")
