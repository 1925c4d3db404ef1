"""The figures of the restoration benchmark as Markdown, for docs/inverse-problems.md.

python -m benchmarks.restoration_table digits
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from benchmarks.restoration_gates import mean_row
from benchmarks.results import FOLDER

_SHOWN = ("LMMSE", "ours, τ = 0", "ours", "ours, posterior mean", "VAE", "VAE, posterior mean")
_OTHERS = {"degraded", "VAE, τ = 0", "ours, Langevin", *_SHOWN}


def lines(name: str) -> list[str]:
    """Return the rows of tasks, then those of blind deconvolution and of the gates."""
    figures = json.loads((FOLDER / f"restoration_{name}.json").read_text())["figures"]
    made = [
        "| task | degraded | best classical | " + " | ".join(_SHOWN) + " | ms: classical, ours |",
        "|---" * (len(_SHOWN) + 4) + "|",
    ]
    made += [_row(task, rows) for task, rows in figures["tasks"].items()]
    if "blind" in figures:
        made += ["", "| blind | dB | aligned | ms |", "|---|---|---|---|"]
        made += [
            f"| {who} | {row['dB']:.2f} | {row['aligned dB']:.2f} | {row['ms']:.0f} |"
            for who, row in figures["blind"].items()
        ]
    made += ["", "| gate | measured | bar | |", "|---|---|---|---|"]
    for gate in figures["gates"]:
        met = "" if gate["met"] else "missed"
        made.append(f"| {gate['gate']} | {gate['measured']} | {gate['bar']} | {met} |")
    return made


def _row(task: str, rows: dict[str, Any]) -> str:
    mean = mean_row(rows)
    classical = {who: value for who, value in mean.items() if who not in _OTHERS}
    who = max(classical, key=lambda name: classical[name])
    best = max(value for name, value in mean.items() if not name.startswith("VAE"))
    told = [f"{mean['degraded']:.2f}", f"{classical[who]:.2f} {who}"]
    told += [_bold(mean[name], best) for name in _SHOWN]
    times = (np.mean([row[name]["ms"] for row in rows.values()]) for name in (who, "ours"))
    return f"| {task} | " + " | ".join(told) + " | {:.1f}, {:.0f} |".format(*times)


def _bold(value: float, best: float) -> str:
    return f"**{value:.2f}**" if value == best else f"{value:.2f}"


if __name__ == "__main__":
    print("\n".join(lines(sys.argv[1])))
