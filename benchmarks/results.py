"""Results with the machine they were measured on."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "results"


def vectors() -> str:
    """Return the widest vectors of the processor: avx512, avx2 or none."""
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    return next(
        (name for flag, name in (("avx512f", "avx512"), ("avx2", "avx2")) if features.get(flag)),
        "none",
    )


def machine() -> dict[str, Any]:
    """Describe the machine and the libraries."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":")[1].strip() if names else model
    return {
        "processor": model,
        "vectors": vectors(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "torch", "pyarrow", "sketchlearn")},
    }


def by_seed(measure: Callable[[int], dict[str, float]], description: str) -> dict[str, Any]:
    """Measure for each seed on the command line, printing as it goes; add mean, least and most."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    rows = []
    for seed in parser.parse_args().seeds:
        rows.append(measure(seed))
        print(seed, rows[-1], flush=True)
    return {
        "seeds": rows,
        "mean": {key: float(np.mean([row[key] for row in rows])) for key in rows[0]},
        "least": {key: min(row[key] for row in rows) for key in rows[0]},
        "most": {key: max(row[key] for row in rows) for key in rows[0]},
    }


def write(name: str, command: str, figures: Any) -> None:
    """Write figures to results/<name>.json with the command that gives them, and print them."""
    keep(name, command, figures)
    print(json.dumps(figures, indent=1))


def keep(name: str, command: str, figures: Any) -> None:
    """Write figures to results/<name>.json with the command that gives them."""
    FOLDER.mkdir(exist_ok=True)
    content = {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "figures": figures,
    }
    unfinished = FOLDER / f"{name}.json.unfinished"
    unfinished.write_text(json.dumps(content, indent=1) + "\n")
    unfinished.replace(FOLDER / f"{name}.json")


def earlier(name: str, command: str) -> dict[str, Any]:
    """Return the figures that results/<name>.json has of the same command, if any."""
    path = FOLDER / f"{name}.json"
    content = json.loads(path.read_text()) if path.exists() else {}
    return content["figures"] if content.get("command") == command else {}
