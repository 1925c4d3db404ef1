"""The picture of `benchmarks.open_challenges`: quality against size, batch, scale and law.

python -m benchmarks.challenge_plots [--results FILE ...] [--out docs/images/...png]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from benchmarks.results import FOLDER

mpl.use("Agg")
import matplotlib.pyplot as plt

_TITLES = {"size": "sketch size m", "batch": "batch", "scale": "all scales, times", "law": "law"}
_KNOWN = ("size", "batch", "steps", "changed", "to")


def draw(figures: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Draw a row of panels for each set of data."""
    shape = (len(figures), len(_TITLES))
    grid, axes = plt.subplots(
        *shape, figsize=(13, 2.4 * shape[0]), layout="constrained", squeeze=False
    )
    for row, (name, rows) in zip(axes, figures.items(), strict=True):
        default = next(one for one in rows if one["changed"] == "size" and one["to"] == 1)
        measures = [key for key in default if key not in _KNOWN]
        for panel, (changed, title) in zip(row, _TITLES.items(), strict=True):
            _panel(panel, changed, default, rows, measures)
            panel.set_ylim(*_limits([one[key] for one in rows for key in measures]))
            if name == next(iter(figures)):
                panel.set_title(title)
        row[0].set_ylabel(name)
        row[0].legend(fontsize="x-small")
    grid.savefig(path, dpi=110)


def _limits(values: list[float]) -> tuple[float, float]:
    """Return limits that leave out the worst twelfth: a setting where nothing is learnt."""
    accuracies = max(values) <= 1
    low, high = np.percentile(values, (8, 100) if accuracies else (0, 92))
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def _panel(
    panel: Any,
    changed: str,
    default: dict[str, Any],
    rows: list[dict[str, Any]],
    measures: list[str],
) -> None:
    first = {**default, "to": "gaussian" if changed == "law" else 1}
    own = [row for row in rows if row["changed"] == changed and row["to"] != 1] + [first]
    if changed == "law":
        places = [row["to"] for row in own[-1:] + own[:-1]]
        own = own[-1:] + own[:-1]
    else:
        own.sort(key=lambda row: row["to"])
        places = [row[changed] if changed != "scale" else row["to"] for row in own]
        panel.set_xscale("log", base=2)
        panel.xaxis.set_major_formatter("{x:g}")
    for measure in measures:
        values = [row[measure] for row in own]
        panel.plot(places, values, "o" if changed == "law" else "o-", label=measure)
    panel.axvline(
        first["to"] if changed in ("law", "scale") else first[changed], color="0.85", zorder=0
    )
    panel.tick_params(labelsize="x-small")
    if changed == "law":
        panel.tick_params(axis="x", rotation=15)


def main() -> None:
    """Draw the figures of some files of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    results = ["open_challenges", "open_challenges_fashion"]
    parser.add_argument("--results", nargs="+", default=results)
    parser.add_argument("--out", type=Path, default=Path("docs/images/open_challenges.png"))
    chosen = parser.parse_args()
    figures: dict[str, Any] = {}
    for name in chosen.results:
        figures |= json.loads((FOLDER / f"{name}.json").read_text())["figures"]
    draw(figures, chosen.out)


if __name__ == "__main__":
    main()
