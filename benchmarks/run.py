"""Run every benchmark and print one table against the bars.

python -m benchmarks.run [--table] [--data DIR [--peers PYTHON]]

Takes an hour and a half, and hours more with the data sets that tables are judged on; --table only
lays out the results of earlier runs. In brackets: the least and the most over seeds. Speed is told
for a processor with AVX-512 and one with AVX2.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.results import FOLDER, machine

MODULES = (
    "planar",
    "paper_spiral",
    "digits",
    "constant_memory",
    "speed",
    "structured",
    "growth",
    "dask_workers",
)
WITH_DATA = (
    "tables",
    "tables_at_scale",
    "conditional",
    "soft_rows",
    "frequency_orders",
    "restoration",
)
STRUCTURED = {"hadamard": "Hadamard blocks", "rays": "rays"}


def spread(figures: dict[str, Any], key: str, digits: int) -> str:
    """Return the mean over seeds, with the least and the most."""
    mean, least, most = (f"{figures[part][key]:.{digits}f}" for part in ("mean", "least", "most"))
    return f"{mean} ({least} to {most})"


def rows() -> list[tuple[str, str, str]]:
    """Return (work, measured, bar) from the results files."""
    figures = {path.stem: json.loads(path.read_text())["figures"] for path in FOLDER.glob("*.json")}
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
    wide = speed_rows(figures["speed_avx512"])
    narrow = speed_rows(figures["speed_avx2"])
    table += [
        (work, f"{measured}; AVX2 {other}", bar)
        for (work, measured, bar), (_, other, _) in zip(wide, narrow, strict=True)
    ]
    return [
        *table,
        *growth_rows(figures),
        *structure_rows(figures["structured"]),
        *synthetic_rows(figures["tables"]),
        *table_cost_rows(figures),
        *restoration_rows(figures),
    ]


def restoration_rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the gates of inverse problems, in dB."""
    return [
        (f"restoration of {name}: {gate['gate']}", f"{gate['measured']}", f"≥ {gate['bar']}")
        for name in ("digits", "mnist")
        for gate in figures[f"restoration_{name}"]["gates"]
    ]


def speed_rows(speed: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows on speed; ratios above 1 say that sketchlearn is faster."""
    passes, training = speed["passes"], speed["training"]
    fastest = "pass over the fastest of numpy float32, torch and RBFSampler"
    low, middle, high, wide = passes
    rows = [
        *((f"{fastest}, {name}", "pass over fastest rival", bar, name)
          for name, bar in ((low, "≥ 3"), (middle, "≥ 3"), (high, "≥ 1.5"))),
        *((f"pass over complex exponentials in numpy, {name}", "pass over complex exponential",
           "≥ 50", name) for name in (low, middle)),
        (f"pass over the matrix product alone, {wide}", "pass over product alone", "≥ 0.85", wide),
        (f"structured {fastest}, {wide}", "structured pass over fastest rival", "≥ 5", wide),
    ]  # fmt: skip
    table = [(work, f"{passes[name][key]}", bar) for work, key, bar, name in rows]
    table += [
        (f"two threads over one, {name}", f"{value}", "≥ 1.8")
        for name, value in speed["two threads over one"].items()
    ]
    parquet = speed["parquet: memory over file"]
    table += [
        (f"pass from Parquet over memory, {name}", f"{value}", "≥ 0.9")
        for name, value in parquet.items()
    ]
    table += [
        (f"integer sums over float sums, {name}", f"{value}", "≥ 0.9")
        for name, value in speed["floats over integers"].items()
    ]
    bars = ("≥ 3", "≥ 3", "≥ 1.3")
    for (name, entry), bar in zip(training.items(), bars, strict=True):
        memory = speed["training memory"][name]["ours over autograd"]
        table.append(
            (f"training step over torch autograd, {name}", f"{entry['autograd over ours']}", bar)
        )
        table.append((f"its memory, {name}", f"{memory}", "≤ 0.1"))
    return table


def growth_rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows on growth with the records and with the workers."""
    growth = figures["growth"]
    return [
        (
            "time per further record, 10⁷ to 10⁸ over 10⁶ to 10⁷",
            f"{growth['time per further record, last step over first']}",
            "1 ± 0.05",
        ),
        ("peak memory, 10⁸ over 10⁶", f"{growth['peak memory, most over fewest']}", "1"),
        ("Dask, two workers over one", f"{figures['dask_workers']['ratio of medians']}", "≥ 1.7"),
    ]


def structure_rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows that set structured frequencies beside dense ones."""
    dense, times = figures["generator"]["dense"], figures["pass, ns per feature"]
    rows = []
    for name, called in STRUCTURED.items():
        errors = figures["kernel error over dense"]
        for data, entry in errors.items():
            rows.append((f"{called}: kernel error over dense, {data}", f"{entry[name]}", "≤ 1"))
        made = figures["generator"][name]
        for metric, value in made.items():
            against = f"dense {dense[metric]}"
            rows.append((f"{called}: digits, {metric}", f"{value}", against))
        faster = round(times["dense"] / times[name], 2)
        rows.append((f"{called}: pass over a dense one, d=784, m=5000", f"{faster}", ""))
    return rows


def synthetic_rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows that set synthetic tables beside those of CTGAN and TVAE."""
    told = {
        "downstream_auc": ("boosted trees trained on it, AUC", "above both"),
        "two_way_tv": ("two-way total variation", "below both"),
        "two_sample_auc": ("told from real, AUC", "below both"),
        "fit CPU seconds": ("CPU seconds of a fit", ""),
    }
    rows = []
    for name, entry in figures.items():
        models = {"real": entry["models"]["floor"], **entry["models"]}
        for metric, (called, bar) in told.items():
            parts = [
                f"{model} {models[model][metric]}"
                for model in ("sketchlearn", "CTGAN", "TVAE", "real")
                if metric in models.get(model, {})
            ]
            asked = "≤ 1/5 of CTGAN's" if (name, bar) == ("adult", "") else bar
            rows.append((f"{name}: {called}", "; ".join(parts).removeprefix("sketchlearn "), asked))
    return rows


def table_cost_rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows on long tables, awkward ones, and rows under a condition."""
    scale, rare = figures["tables_at_scale"], figures["conditional"]
    long, awkward = scale["Adult repeated"], scale["awkward table"]
    memory = f"{long['pass, peak memory, ten times the rows']:.3f}"
    most = max(part["peak MiB"] for part in awkward.values() if isinstance(part, dict))
    fast, slow = rare["with where"], rare["by rejection alone"]
    spent = f"{fast['seconds']}; {fast['CPU seconds']}; {slow['CPU seconds']}"
    rows = [
        ("Adult repeated: peak memory of a pass, 10⁷ rows over 10⁶", memory, "1"),
        (
            "Adult repeated: time of a fit, 10⁷ rows over 32,561",
            f"{long['fit, time, most rows over fewest']}",
            "1",
        ),
        ("an awkward table of 2,000,000 rows: most memory, MiB", f"{most:g}", "≤ 2,048"),
        ("10,000 rows of a 1 % slice: seconds; CPU seconds; by rejection", spent, "≤ 10"),
    ]
    for name in ("one-way TV", "two-way TV"):
        here, whole = rare["under the condition"][name], rare["without a condition"][name]
        told = f"{here['value over floor']}; whole table {whole['value over floor']}"
        rows.append((f"the slice: {name} over its floor", told, "≤ 2"))
    return rows


def main() -> None:
    """Run, unless --table was given, then write results/table.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--peers", type=Path)
    chosen = parser.parse_args()
    for name in () if chosen.table else (*MODULES, *(WITH_DATA if chosen.data else ())):
        more = ["--data", str(chosen.data)] if name in WITH_DATA else []
        more += ["--peers", str(chosen.peers)] if name == "tables" and chosen.peers else []
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *more], check=True)
    lines = ["| work | measured | bar |", "|---|---|---|"]
    lines += [f"| {work} | {measured} | {bar} |" for work, measured, bar in rows()]
    lines += ["", "Machine: " + ", ".join(f"{k} {v}" for k, v in machine().items()), ""]
    (FOLDER / "table.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
