"""Medians over the specimens of a bench: the table of errors and the seconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.files import write_text
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.study import PARAMETERS

Row = dict[str, Any]


def write_tables(rows: Sequence[Row], folder: Path) -> list[Row]:
    """Write ``summary.csv`` and ``seconds.json``; return the rows of the former."""
    table = summary(rows)
    write_text(folder / "summary.csv", csv_text(table, digits=4))
    write_text(folder / "seconds.json", json.dumps(seconds(rows), indent=1) + "\n")
    return table


def summary(rows: Sequence[Row]) -> list[Row]:
    """One row for each noise and estimate: runs, errors in per cent, coverage of the intervals."""
    found = []
    for noise in dict.fromkeys((row["strain_noise"], row["load_noise"]) for row in rows):
        own = [r for r in rows if (r["strain_noise"], r["load_noise"]) == noise]
        projected = [r for r in own if r["start"] == "projection"]
        head = {"strain_noise": noise[0], "load_noise": noise[1]}
        once = [{**r, "runs": 1, "converged": True} for r in projected]
        found.append({**head, "estimate": "projection", **_scores(once, "projection")})
        for start in dict.fromkeys(row["start"] for row in own):
            chosen = [r for r in own if r["start"] == start]
            name = f"refined from the {start}"
            found.append({**head, "estimate": name, **_scores(chosen, "refined")})
        whole = [{**r, "runs": r["runs"] + r["finer_runs"]} for r in projected]
        found.append({**head, "estimate": "answer of `invert`", **_scores(whole, "answer")})
    return found


def _scores(rows: Sequence[Row], name: str) -> Row:
    """Medians and extremes of one estimate over the specimens."""
    errors = 100 * np.abs(np.expm1([row[name]["error"] for row in rows]))
    covered = np.mean([row[name]["covered"] for row in rows], axis=0)
    scores: Row = {
        "specimens": len(rows),
        "median_runs": float(np.median([row["runs"] for row in rows])),
        "most_runs": max(row["runs"] for row in rows),
        "converged": sum(row["converged"] for row in rows),
    }
    for i, parameter in enumerate(PARAMETERS):
        scores[f"{parameter}_median_percent"] = float(np.median(errors[:, i]))
        scores[f"{parameter}_largest_percent"] = float(errors[:, i].max())
        scores[f"{parameter}_covered_percent"] = float(100 * covered[i])
    return scores


def seconds(rows: Sequence[Row]) -> Row:
    """Median seconds of a forward run with sensitivities, and of each kind of answer.

    CPU seconds of all processes, start-up of the solver included, but for ``network_wall``.
    """
    costs = [row["cpu_seconds"] for row in rows]
    runs = [s for cost in costs for part in ("reference", "refinement") for s in cost[part]]
    run = float(np.median(runs)) if runs else float("nan")
    refined = [r["runs"] * run + r["cpu_seconds"]["projection"] for r in rows]
    chosen = [c for c, row in zip(refined, rows, strict=True) if row["start"] == "projection"]
    found = {
        "forward_run": run,
        "projection": run + float(np.median([cost["projection"] for cost in costs])),
        "refined_from_the_projection": float(np.median(chosen)),
        "refined_from_the_projection_longest": float(max(chosen)),
    }
    walls = [cost["network_wall"] for cost in costs if "network_wall" in cost]
    return {**found, **({"network_wall": float(np.median(walls))} if walls else {})}
