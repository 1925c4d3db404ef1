"""Speed of the pass and of the training step, against what a user would pick instead.

    python -m benchmarks.speed [--rounds 7]

One process, one thread unless a row says two, rivals alternating, medians; every figure is a
ratio of times within the run (above 1: sketchlearn is faster). The rivals are given their best
chunk among several. Settings of the environment that choose kernels of OpenBLAS are removed first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SHAPES = ((2, 1000, 131_072), (10, 1000, 131_072), (64, 2000, 65_536), (784, 5000, 21_396))
CHUNKS = (256, 1024, 4096)
STEPS = ((2, 2000, 1000), (10, 2000, 1000), (784, 5000, 500))


def timed(call: Callable[[], Any]) -> float:
    """Return the seconds a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def alternate(rivals: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the median time of each rival, in rounds that visit all of them."""
    for call in rivals.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, call in rivals.items():
            times[name].append(timed(call))
    return {name: float(np.median(found)) for name, found in times.items()}


def numpy_pass(records: np.ndarray, frequencies: np.ndarray, chunk: int) -> None:
    """Sum cosines and sines in float32, reusing buffers."""
    phase = np.empty((chunk, frequencies.shape[1]), dtype=np.float32)
    wave = np.empty_like(phase)
    total = np.zeros((2, frequencies.shape[1]))
    for top in range(0, len(records), chunk):
        rows = min(chunk, len(records) - top)
        np.matmul(records[top : top + rows], frequencies, out=phase[:rows])
        for part, function in enumerate((np.cos, np.sin)):
            function(phase[:rows], out=wave[:rows])
            total[part] += wave[:rows].sum(axis=0)


def complex_pass(records: np.ndarray, frequencies: np.ndarray, chunk: int) -> None:
    """Sum complex exponentials in double precision, as research toolboxes do."""
    total = np.zeros(frequencies.shape[1], dtype=complex)
    wide = frequencies.astype(np.float64)
    for top in range(0, len(records), chunk):
        total += np.exp(1j * (records[top : top + chunk] @ wide)).sum(axis=0)


def torch_pass(records: np.ndarray, frequencies: np.ndarray, chunk: int) -> None:
    """Sum cosines and sines in torch, float32."""
    import torch

    rows, omega = torch.from_numpy(records), torch.from_numpy(frequencies)
    total = torch.zeros(2, frequencies.shape[1], dtype=torch.float64)
    for part in rows.split(chunk):
        phase = part @ omega
        total[0] += phase.cos().sum(0)
        total[1] += phase.sin().sum(0)


def sampler_pass(records: np.ndarray, frequencies: np.ndarray, chunk: int) -> None:
    """Sum the features of scikit-learn's RBFSampler, two cosines per frequency."""
    from sklearn.kernel_approximation import RBFSampler

    sampler = RBFSampler(n_components=2 * frequencies.shape[1], random_state=0)
    sampler.fit(records[:2])
    total = 0
    for top in range(0, len(records), chunk):
        total = total + sampler.transform(records[top : top + chunk]).sum(axis=0)


def product_alone(records: np.ndarray, frequencies: np.ndarray, chunk: int) -> None:
    """Compute the phases only, float32, in a buffer."""
    phase = np.empty((chunk, frequencies.shape[1]), dtype=np.float32)
    for top in range(0, len(records), chunk):
        rows = min(chunk, len(records) - top)
        np.matmul(records[top : top + rows], frequencies, out=phase[:rows])


def kernel_pass(records: np.ndarray, projection: Any, classes: np.ndarray) -> None:
    """Sum the library's features without encoding and side sums."""
    from sketchlearn.features import integer_sums

    for top in range(0, len(records), 4096):
        part = slice(top, top + 4096)
        integer_sums(records[part], projection, classes[part], 1)


def best_chunk(function: Callable[..., None], records: np.ndarray, omega: np.ndarray) -> int:
    """Return the chunk at which a rival is fastest on these records."""
    times = {
        c: min(timed(lambda c=c: function(records, omega, c)) for _ in range(2)) for c in CHUNKS
    }
    return min(times, key=lambda chunk: times[chunk])


def passes(rounds: int) -> dict[str, Any]:
    """Compare whole passes from memory, with encoding and side sums, and the kernel alone."""
    import sketchlearn as sl

    figures: dict[str, Any] = {}
    for dimension, size, rows in SHAPES:
        records = np.random.default_rng(0).standard_normal((rows, dimension)).astype(np.float32)
        plan = sl.plan(records, size=size)
        omega = np.ascontiguousarray(plan.frequencies)
        classes = np.zeros(rows, dtype=np.int64)
        some = records[: max(512, rows // 8)]
        functions = {
            "numpy float32": numpy_pass,
            "torch": torch_pass,
            "RBFSampler": sampler_pass,
            "complex exponential": complex_pass,
            "product alone": product_alone,
        }
        chunks = {name: best_chunk(call, some, omega) for name, call in functions.items()}
        rivals: dict[str, Callable[[], Any]] = {
            "pass": lambda r=records, p=plan: sl.sketch(r, p, threads=1),
            "kernel": lambda r=records, p=plan, c=classes: kernel_pass(r, p.projection, c),
        }
        if dimension >= 64:
            structured = sl.plan(records, size=size, structure="hadamard")
            rivals["structured pass"] = lambda r=records, p=structured: sl.sketch(r, p, threads=1)
        for name, call in functions.items():
            rivals[name] = lambda call=call, r=records, o=omega, c=chunks[name]: call(r, o, c)
        seconds = alternate(rivals, rounds if dimension < 784 else max(3, rounds // 2))
        fastest = min(seconds[name] for name in ("numpy float32", "torch", "RBFSampler"))
        each = {name: round(value / rows / size * 1e9, 3) for name, value in seconds.items()}
        found = figures[f"d={dimension}, m={size}"] = {
            "ns per feature": each,
            "chunks": chunks,
            "pass over fastest rival": round(fastest / seconds["pass"], 2),
            "kernel over fastest rival": round(fastest / seconds["kernel"], 2),
            "pass over complex exponential": round(
                seconds["complex exponential"] / seconds["pass"], 1
            ),
            "pass over product alone": round(seconds["product alone"] / seconds["pass"], 3),
            "kernel over product alone": round(seconds["product alone"] / seconds["kernel"], 3),
        }
        if "structured pass" in seconds:
            found["structured pass over fastest rival"] = round(
                fastest / seconds["structured pass"], 2
            )
        print(found, flush=True)
    return figures


def two_threads(rounds: int) -> dict[str, float]:
    """Compare a pass by two threads with one by one, on half a million records."""
    import sketchlearn as sl

    figures = {}
    for dimension, size, rows in ((2, 1000, 2**20), (10, 1000, 2**19), (64, 2000, 2**17)):
        records = np.random.default_rng(0).standard_normal((rows, dimension), dtype=np.float32)
        plan = sl.plan(records, size=size)
        seconds = alternate(
            {
                "one": lambda r=records, p=plan: sl.sketch(r, p, threads=1),
                "two": lambda r=records, p=plan: sl.sketch(r, p, threads=2),
            },
            2 * rounds,
        )
        figures[f"d={dimension}, m={size}"] = round(seconds["one"] / seconds["two"], 2)
    return figures


def float_sums(rounds: int) -> dict[str, float]:
    """Compare the kernel's integer sums with the same kernel summing floats."""
    import sketchlearn as sl
    from benchmarks.float_kernel import add_near_floats
    from sketchlearn.features.sum_kernels import add_near

    figures = {}
    for dimension, size, rows in SHAPES[:3]:
        records = np.random.default_rng(0).standard_normal((rows // 4, dimension))
        records = records.astype(np.float32)
        projection = sl.plan(records, size=size).projection
        panels, shifts = projection.panels, projection.shifts
        total = np.zeros((2, size), dtype=np.int64)
        summed = np.zeros((2, size))
        seconds = alternate(
            {
                "integers": lambda r=records, p=panels, s=shifts, t=total: add_near(r, p, s, s, t),
                "floats": lambda r=records, p=panels, t=summed: add_near_floats(r, p, t),
            },
            3 * rounds,
        )
        figures[f"d={dimension}, m={size}"] = round(seconds["floats"] / seconds["integers"], 3)
    return figures


_MEMORY = """
import sys, torch
from pathlib import Path
from benchmarks.constant_memory import peak
from benchmarks.speed import losses
torch.set_num_threads(1)
call = losses(*map(int, sys.argv[2:]))[sys.argv[1]]
small = losses(int(sys.argv[2]), 64, 8)[sys.argv[1]]
small()
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is held now
before = peak()
call()
print(peak() - before)
"""


def training_memory() -> dict[str, Any]:
    """Return how much a step's peak memory grows, in MiB, each in a process of its own."""
    figures = {}
    for shape in STEPS:
        grown = {}
        for name in ("ours", "autograd"):
            command = [sys.executable, "-c", _MEMORY, name, *map(str, shape)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            grown[name] = round(float(done.stdout), 2)
        dimension, size, batch = shape
        figures[f"d={dimension}, m={size}, batch {batch}"] = {
            "MiB": grown,
            "ours over autograd": round(grown["ours"] / grown["autograd"], 3),
        }
    return figures


def parquet(rounds: int) -> dict[str, float]:
    """Compare a pass from Parquet with one from memory, d = 10, m = 1000."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    import sketchlearn as sl

    records = np.random.default_rng(0).standard_normal((400_000, 10)).astype(np.float32)
    plan = sl.plan(records, size=1000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.parquet"
        pq.write_table(pa.table({f"x{i}": records[:, i] for i in range(10)}), path)
        figures = {}
        for threads in (1, 2):
            seconds = alternate(
                {
                    "memory": lambda t=threads: sl.sketch(records, plan, threads=t),
                    "parquet": lambda t=threads: sl.sketch(path, plan, threads=t),
                },
                rounds,
            )
            figures[f"threads {threads}"] = round(seconds["memory"] / seconds["parquet"], 3)
    return figures


def losses(dimension: int, size: int, batch: int) -> dict[str, Callable[[], None]]:
    """Return a training step's loss and gradient, by the library and by torch alone."""
    import torch

    from sketchlearn.features.matching import PackedFrequencies, matching_loss

    random = torch.Generator().manual_seed(0)
    records = torch.randn(1, 2, batch // 2, dimension, generator=random)
    omega = torch.randn(dimension, size, generator=random) / dimension**0.5
    target = torch.zeros(1, 2, size)
    packed = PackedFrequencies.of(omega)

    def ours() -> None:
        matching_loss(records.clone().requires_grad_(), omega, target, packed).backward()

    def autograd() -> None:
        phase = records.clone().requires_grad_() @ omega
        first, second = (
            torch.stack([phase[:, half].cos().mean(1), phase[:, half].sin().mean(1)], 1) - target
            for half in (0, 1)
        )
        ((first * second).sum() / size).backward()

    return {"ours": ours, "autograd": autograd}


def training(rounds: int) -> dict[str, Any]:
    """Compare the matching loss and its gradient with torch's autograd of the same loss."""
    import torch

    torch.set_num_threads(1)
    figures = {}
    for dimension, size, batch in STEPS:
        seconds = alternate(losses(dimension, size, batch), 3 * rounds)
        figures[f"d={dimension}, m={size}, batch {batch}"] = {
            "milliseconds": {name: round(1e3 * value, 2) for name, value in seconds.items()},
            "autograd over ours": round(seconds["autograd"] / seconds["ours"], 2),
        }
    return figures


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    from threadpoolctl import threadpool_info

    from benchmarks import results

    figures = {
        "passes": passes(rounds),
        "two threads over one": two_threads(rounds),
        "floats over integers": float_sums(rounds),
        "parquet: memory over file": parquet(rounds),
        "training": training(rounds),
        "training memory": training_memory(),
    }
    figures["matrix library"] = sorted({str(i.get("architecture")) for i in threadpool_info()})
    # ratios depend on the width of vectors more than on anything else of a processor
    results.write(f"speed_{results.vectors()}", "python -m benchmarks.speed", figures)


if __name__ == "__main__":
    settings = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    chosen = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"} & os.environ.keys()
    if chosen or any(os.environ.get(name) != value for name, value in settings.items()):
        kept = {name: value for name, value in os.environ.items() if name not in chosen}
        command = [sys.executable, "-m", "benchmarks.speed", *sys.argv[1:]]
        os.execve(sys.executable, command, {**kept, **settings})
    main()
