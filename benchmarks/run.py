"""Run every benchmark and print one table against the bars.

python -m benchmarks.run
"""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.results import FOLDER, machine

MODULES = ("planar", "paper_spiral", "digits", "constant_memory")


def rows() -> list[tuple[str, str, str]]:
    """Return (work, measured, bar) from the results files."""
    figures = {
        name: json.loads((FOLDER / f"{name}.json").read_text())["figures"] for name in MODULES
    }
    table = [
        (f"{name}: sliced W1 over floor", f"{entry['mean']:.2f}", "≤ 1.5")
        for name, entry in figures["planar"].items()
    ]
    digits = figures["digits"]["mean"]
    spiral = figures["paper_spiral"]
    memory = figures["constant_memory"]
    table += [
        ("paper's spiral: held-out distance", f"{spiral['mean distance']:.5f}", "≤ 0.0011"),
        ("digits: logistic (mean of seeds)", f"{digits['logistic']:.4f}", "≥ 0.965"),
        ("digits: forest (mean of seeds)", f"{digits['forest']:.4f}", "≥ 0.935"),
        ("digits: projection, dB (mean of seeds)", f"{digits['projection dB']:.2f}", "≥ 25"),
        ("pass: peak memory, 10 times the rows", f"{memory['pass, peak memory ratio']}", "≤ 1.1"),
        ("fit: time, 1,000 times the records", f"{memory['fit, time ratio']}", "1"),
        ("fit: memory, 1,000 times the records", f"{memory['fit, peak memory ratio']}", "1"),
    ]
    return table


def main() -> None:
    """Run, then write results/table.md."""
    for name in MODULES:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
    lines = ["| work | measured | bar |", "|---|---|---|"]
    lines += [f"| {work} | {measured} | {bar} |" for work, measured, bar in rows()]
    lines += ["", "Machine: " + ", ".join(f"{k} {v}" for k, v in machine().items()), ""]
    (FOLDER / "table.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
