"""The table m(t/d): ln M of columns and of grains, the mesh's share taken away."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from slipfield.core.files import write_text

COLUMNS = (
    "grains",
    "ratio",
    "runs",
    "ln_m",
    "ln_m_sd",
    "mesh",
    "ln_m_on_mesh",
    "rest",
    "excess_first",
    "excess_last",
    "strain_difference",
    "correlation",
    "faces_correlation",
    "roughness_um",
)
KINDS = ("columns", "grains")
MEANS = COLUMNS[7:-1]


def mesh_shares(runs: Iterable[dict], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """t/d (n,) and the mesh's share of ln M there (n,), from pairs of meshes.

    The error halves with the element size (verification, thin polycrystals), so that it is twice
    what the finer mesh takes away.
    """
    pairs: dict[float, dict[tuple, dict[bool, float]]] = {}
    for run in runs:
        if run["grains"] == kind:
            place = pairs.setdefault(run["ratio"], {})
            place.setdefault((run["number"], run["seed"]), {})[run["refined"]] = run["ln_m"]
    shares = {
        ratio: np.mean([2 * (p[False] - p[True]) for p in found.values() if len(p) == 2])
        for ratio, found in pairs.items()
        if any(len(p) == 2 for p in found.values())
    }
    ratios = np.array(sorted(shares))
    return ratios, np.array([shares[ratio] for ratio in ratios])


def table_of(runs: list[dict]) -> list[dict[str, str | float]]:
    """Rows of the table, columns first, by t/d."""
    rows: list[dict[str, str | float]] = []
    for kind in KINDS:
        ratios, shares = mesh_shares(runs, kind)
        plain = [run for run in runs if run["grains"] == kind and not run["refined"]]
        for ratio in sorted({run["ratio"] for run in plain}):
            same = [run for run in plain if run["ratio"] == ratio]
            ln_m = np.array([run["ln_m"] for run in same])
            mesh = float(np.interp(ratio, ratios, shares)) if len(ratios) else float("nan")
            row: dict[str, str | float] = {
                "grains": kind,
                "ratio": ratio,
                "runs": len(same),
                "ln_m": float(ln_m.mean() - mesh),
                "ln_m_sd": float(ln_m.std(ddof=1)) if len(same) > 1 else float("nan"),
                "mesh": mesh,
                "ln_m_on_mesh": float(ln_m.mean()),
                "roughness_um": float(np.mean([1e3 * run["roughness_mm"] for run in same])),
            }
            row |= {name: float(np.mean([run[name] for run in same])) for name in MEANS}
            rows.append({name: row[name] for name in COLUMNS})
    return rows


def write_table(runs: list[dict], folder: Path) -> None:
    """Write ``table.csv`` and the runs behind it, ``runs.json``."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in table_of(runs):
        writer.writerow({n: v if isinstance(v, str) else f"{v:.4g}" for n, v in row.items()})
    write_text(folder / "table.csv", text.getvalue())
    kept = [{n: v for n, v in run.items() if n not in ("key", "cpu_seconds")} for run in runs]
    write_text(folder / "runs.json", json.dumps(kept, indent=1) + "\n")
