"""Speed of the pass and of the training step, against what a user would pick instead.

    python -m benchmarks.speed [--rounds 7]

One process, one thread unless a row says two, rivals alternating, medians; every figure is a
ratio of times within the run (above 1: sketchlearn is faster). The rivals are given their best
chunk among several. Settings of the environment that choose kernels of OpenBLAS are removed first.
"""

from __future__ import annotations

import argparse
import os
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


def best_chunk(function: Callable[..., None], records: np.ndarray, omega: np.ndarray) -> int:
    """Return the chunk at which a rival is fastest on these records."""
    times = {
        c: min(timed(lambda c=c: function(records, omega, c)) for _ in range(2)) for c in CHUNKS
    }
    return min(times, key=lambda chunk: times[chunk])


def passes(rounds: int) -> dict[str, Any]:
    """Compare whole passes from memory, with encoding and side sums, and the kernel alone."""
    import sketchlearn as sl
    from sketchlearn.features import integer_sums

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
            "kernel": lambda r=records, p=plan, c=classes: integer_sums(r, p.projection, c, 1),
            "pass, two threads": lambda r=records, p=plan: sl.sketch(r, p, threads=2),
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
            "two threads over one": round(seconds["pass"] / seconds["pass, two threads"], 2),
        }
        if "structured pass" in seconds:
            found["structured pass over fastest rival"] = round(
                fastest / seconds["structured pass"], 2
            )
        print(found, flush=True)
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


def training(rounds: int) -> dict[str, Any]:
    """Compare the matching loss and its gradient with torch's autograd of the same loss."""
    import torch

    from sketchlearn.features.matching import PackedFrequencies, matching_loss

    torch.set_num_threads(1)
    figures = {}
    for dimension, size, batch in STEPS:
        random = torch.Generator().manual_seed(0)
        records = torch.randn(1, 2, batch // 2, dimension, generator=random)
        omega = torch.randn(dimension, size, generator=random) / dimension**0.5
        target = torch.zeros(1, 2, size)
        packed = PackedFrequencies.of(omega)

        def ours(r=records, o=omega, t=target, p=packed) -> None:
            matching_loss(r.clone().requires_grad_(), o, t, p).backward()

        def autograd(r=records, o=omega, t=target) -> None:
            phase = r.clone().requires_grad_() @ o
            first, second = (
                torch.stack([phase[:, h].cos().mean(1), phase[:, h].sin().mean(1)], 1) - t
                for h in (0, 1)
            )
            ((first * second).sum() / t.shape[2]).backward()

        seconds = alternate({"ours": ours, "autograd": autograd}, rounds)
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

    figures = {"passes": passes(rounds), "parquet": parquet(rounds), "training": training(rounds)}
    figures["matrix library"] = sorted({str(i.get("architecture")) for i in threadpool_info()})
    results.write("speed", "python -m benchmarks.speed", figures)


if __name__ == "__main__":
    settings = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    chosen = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"} & os.environ.keys()
    if chosen or any(os.environ.get(name) != value for name, value in settings.items()):
        kept = {name: value for name, value in os.environ.items() if name not in chosen}
        command = [sys.executable, "-m", "benchmarks.speed", *sys.argv[1:]]
        os.execve(sys.executable, command, {**kept, **settings})
    main()
