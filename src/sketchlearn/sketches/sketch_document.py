"""Sketches as documents: what stands beside the arrays in their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sketchlearn.errors import FileFormatError, PrivacyError
from sketchlearn.privacy import Ledger
from sketchlearn.sketches.plan import Plan

# Arrays of a file that are the plan's, where the sums were released.
_NO_SUMS = {"lower", "upper", "frequencies"}


def document_of(
    plan: Plan, dropped: int, ledger: Ledger, noise: Mapping[str, float] | None
) -> dict[str, Any]:
    """Return what a file says of a sketch beside its arrays, as JSON values."""
    document: dict[str, Any] = {
        "plan": plan.to_document(),
        "dropped": dropped,
        "frequencies_digest": plan.frequencies_digest,
    }
    if ledger:
        document["ledger"] = ledger.to_document()
    if noise is not None:
        document["noise"] = dict(noise)
    return document


def plan_in(document: dict[str, Any], where: str) -> Plan:
    """Return the plan of a sketch's document.

    Raises:
        FileFormatError: it is no sketch's, or its plan is none.
    """
    if not {"plan", "dropped", "frequencies_digest"} <= document.keys():
        raise FileFormatError(f"{where} is marked as a sketch, but its document is none.")
    return Plan.from_document(document["plan"])


def release_in(
    document: dict[str, Any], tensors: Mapping[str, np.ndarray], where: str
) -> tuple[Ledger, dict[str, float] | None]:
    """Return the ledger and the noise that a sketch's document tells.

    Raises:
        FileFormatError: they are none that a release wrote.
    """
    try:
        ledger = Ledger.from_document(document["ledger"]) if "ledger" in document else Ledger()
        noise = document.get("noise")
        if noise is not None:
            noise = {str(name): float(value) for name, value in noise.items()}
        told = noise is None or (
            bool(ledger)
            and noise.keys() <= tensors.keys()
            and min(noise.values()) > 0
            # what was not released is not there
            and not any(tensors[name].any() for name in tensors.keys() - noise.keys() - _NO_SUMS)
        )
    except (KeyError, TypeError, ValueError, AttributeError, PrivacyError) as error:
        raise _no_ledger(where, error) from error
    if not told:
        raise _no_ledger(where, "noise without its release")
    return ledger, noise


def take_frequencies(
    plan: Plan, document: dict[str, Any], embedded: np.ndarray | None, where: str
) -> None:
    """Give a plan the frequencies embedded in a file, and check that they are the file's.

    Raises:
        FileFormatError: they do not fit the plan, or cannot be drawn again.
    """
    if embedded is not None:
        fits = embedded.shape == (plan.dimension, plan.size) and embedded.dtype == np.float32
        if not fits or not np.isfinite(embedded).all():
            raise FileFormatError(f"The frequencies embedded in {where} do not fit its plan.")
        vars(plan)["frequencies"] = embedded
    if plan.frequencies_digest != document["frequencies_digest"]:
        raise FileFormatError(
            f"The frequencies of {where} cannot be drawn again from its seed on this machine. "
            "Save the sketch with embed_frequencies=True where it was made."
        )


def _no_ledger(where: str, why: object) -> FileFormatError:
    return FileFormatError(
        f"The ledger of {where} is none that a release wrote ({why}). Take the original file again."
    )
