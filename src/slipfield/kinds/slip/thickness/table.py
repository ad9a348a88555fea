"""The table m(t/d): ln M of columns and of grains, the mesh's share taken away."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from slipfield.core.files import write_text
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.thickness import unloading

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


def thinnest(runs: Iterable[dict]) -> dict[int, float]:
    """Find ln M of each grain map's thinnest columns: what the mesh alone makes of it, nearly."""
    columns = [run for run in runs if run["grains"] == "columns" and not run["refined"]]
    least = min((run["ratio"] for run in columns), default=0.0)
    return {run["number"]: run["ln_m"] for run in columns if run["ratio"] == least}


def mesh_shares(runs: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Give t/d (n,) and the mesh's share of ln M there (n,) over that of the thinnest columns.

    From pairs of meshes, of columns or grains: it is the boundaries of the face that it is made at.
    The error halves with the element size (verification, thin polycrystals),
    so that it is twice what the finer mesh takes away.
    """
    thin = thinnest(runs)
    pairs: dict[float, dict[tuple, dict[bool, float]]] = {}
    for run in runs:
        one = run["number"], run["seed"], run["grains"]
        place = pairs.setdefault(run["ratio"], {}).setdefault(one, {})
        place[run["refined"]] = run["ln_m"]
    shares = {
        ratio: np.mean(
            [2 * (p[False] - p[True]) / thin[n] for (n, *_), p in found.items() if len(p) == 2]
        )
        for ratio, found in pairs.items()
        if any(len(p) == 2 for p in found.values())
    }
    ratios = np.array(sorted(shares))
    return ratios, np.array([shares[ratio] for ratio in ratios])


def table_of(runs: list[dict]) -> list[dict[str, str | float]]:
    """Rows of the table, columns first, by t/d; means over runs, their scatter without the mesh."""
    rows: list[dict[str, str | float]] = []
    thin = thinnest(runs)
    ratios, shares = mesh_shares(runs)
    for kind in KINDS:
        plain = [run for run in runs if run["grains"] == kind and not run["refined"]]
        for ratio in sorted({run["ratio"] for run in plain}):
            same = [run for run in plain if run["ratio"] == ratio]
            ln_m = np.array([run["ln_m"] for run in same])
            share = float(np.interp(ratio, ratios, shares)) if len(ratios) else float("nan")
            mesh = share * np.array([thin[run["number"]] for run in same])
            net = ln_m - mesh
            row: dict[str, str | float] = {
                "grains": kind,
                "ratio": ratio,
                "runs": len(same),
                "ln_m": float(net.mean()),
                "ln_m_sd": float(net.std(ddof=1)) if len(same) > 1 else float("nan"),
                "mesh": float(mesh.mean()),
                "ln_m_on_mesh": float(ln_m.mean()),
                "roughness_um": float(np.mean([1e3 * run["roughness_mm"] for run in same])),
            }
            row |= {name: float(np.mean([run[name] for run in same])) for name in MEANS}
            rows.append({name: row[name] for name in COLUMNS})
    return rows


def write_table(runs: list[dict], folder: Path) -> None:
    """Write ``table.csv``, ``unloading.csv`` if sheets unload, and ``runs.json``, the runs."""
    write_text(folder / "table.csv", csv_text(table_of(runs), 4, COLUMNS))
    if rows := unloading.rows_of(runs):
        write_text(folder / "unloading.csv", csv_text(rows, 4))
    kept = [{n: v for n, v in run.items() if n not in ("key", "cpu_seconds")} for run in runs]
    write_text(folder / "runs.json", json.dumps(kept, indent=1) + "\n")
