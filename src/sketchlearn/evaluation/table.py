"""An evaluation as plain text for terminals."""

from __future__ import annotations

from collections.abc import Mapping

HEADER = ("metric", "generated", "floor", "good is")


def table(result: Mapping[str, Mapping[str, float]]) -> str:
    """Lay out the result of `evaluate` as an aligned text table.

    Args:
        result: by metric, "value", "floor" and perhaps "ratio".

    Returns:
        One line per metric under a header: its name, its value on generated records, its
        floor (real against real), and which direction is good.
    """
    rows = [HEADER, *_rows(result)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _rows(result: Mapping[str, Mapping[str, float]]) -> list[tuple[str, str, str, str]]:
    """Return the cells of every metric, a ratio as a row of its own."""
    rows = []
    for name, entry in result.items():
        value, floor = _number(entry["value"]), _number(entry["floor"])
        rows.append((name, value, floor, _good(name)))
        if "ratio" in entry:
            rows.append((f"{name} / floor", _number(entry["ratio"]), _number(1.0), "near 1"))
    return rows


def _good(metric: str) -> str:
    """Say in words which values of a metric are good."""
    if metric.startswith("downstream_"):
        return "high, near the floor"
    return {
        "sliced_wasserstein": "low, near the floor",
        "sketch_distance": "near 0",
        "one_way_tv": "low, near the floor",
        "two_way_tv": "low, near the floor",
        "associations": "low, near the floor",
        "rare_categories": "high, near the floor",
        "exact_copies": "near the floor; more suggests copies",
        "two_sample_auc": "near 0.5",
        "precision": "high, near the floor",
        "density": "high, near the floor",
        "coverage": "high, near the floor",
        "closest_record_ratio": "near 1; less suggests copies",
        "copies": "near the floor; more suggests copies",
    }.get(metric, "near the floor")


def _number(value: float) -> str:
    """Show four digits, without an exponent unless the value is tiny or huge."""
    if value != 0 and not 1e-4 <= abs(value) < 1e5:
        return f"{value:.2e}"
    return f"{value:.4f}"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    """Align names to the left and numbers to the right."""
    name, value, floor, good = (
        cell.ljust(width) if column in (0, 3) else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return f"{name}  {value}  {floor}  {good}".rstrip()
