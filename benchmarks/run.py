"""Run every benchmark and print one table against the bars.

python -m benchmarks.run [--table]

Takes about forty minutes; --table only lays out the results of earlier runs. In brackets: the
least and the most over seeds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from benchmarks.results import FOLDER, machine

MODULES = ("planar", "paper_spiral", "digits", "constant_memory")


def spread(figures: dict[str, Any], key: str, digits: int) -> str:
    """Return the mean over seeds, with the least and the most."""
    mean, least, most = (f"{figures[part][key]:.{digits}f}" for part in ("mean", "least", "most"))
    return f"{mean} ({least} to {most})"


def rows() -> list[tuple[str, str, str]]:
    """Return (work, measured, bar) from the results files."""
    figures = {
        name: json.loads((FOLDER / f"{name}.json").read_text())["figures"] for name in MODULES
    }
    table = [
        (
            f"{name}: sliced W1 over floor",
            f"{entry['mean']:.2f} ({min(entry['repeats']):.2f} to {max(entry['repeats']):.2f})",
            "≤ 1.5",
        )
        for name, entry in figures["planar"].items()
    ]
    digits, spiral = figures["digits"], figures["paper_spiral"]
    memory = figures["constant_memory"]
    table += [
        ("paper's spiral: held-out distance", spread(spiral, "distance", 5), "≤ 0.0011"),
        ("digits: logistic", spread(digits, "logistic", 4), "≥ 0.965"),
        ("digits: logistic trained on real", spread(digits, "logistic on real", 4), ""),
        ("digits: forest", spread(digits, "forest", 4), "≥ 0.935"),
        ("digits: forest trained on real", spread(digits, "forest on real", 4), ""),
        ("digits: projection, dB", spread(digits, "projection dB", 2), "≥ 25"),
        ("pass: peak memory, 10 times the rows", f"{memory['pass, peak memory ratio']}", "≤ 1.1"),
        ("fit: time, 1,000 times the records", f"{memory['fit, time ratio']}", "1"),
        ("fit: memory, 1,000 times the records", f"{memory['fit, peak memory ratio']}", "1"),
    ]
    return table


def main() -> None:
    """Run, unless --table was given, then write results/table.md."""
    for name in () if "--table" in sys.argv else MODULES:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
    lines = ["| work | measured | bar |", "|---|---|---|"]
    lines += [f"| {work} | {measured} | {bar} |" for work, measured, bar in rows()]
    lines += ["", "Machine: " + ", ".join(f"{k} {v}" for k, v in machine().items()), ""]
    (FOLDER / "table.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
