"""What the thickness costs an inversion: unseen sheets in three dimensions, inverted three ways.

Every sheet is inverted once with `--subsurface`, which also holds the answer with the prior of the
factor M, and once as a membrane. Membranes that are declared thin are the control. A bench that was
stopped goes on with the sheet at which it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.cache import cached_rows
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.places import claimed
from slipfield.core.progress import progress
from slipfield.core.reading import read_json
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.bench.sheets import (
    layers_of,
    make_membrane,
    make_sheet,
    middle_parameters,
    sheet_study,
)
from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.inversion.run import RESULT, invert
from slipfield.kinds.slip.inversion.solids import FEWEST_SHEETS, SUBSURFACE
from slipfield.kinds.slip.study import PARAMETERS, Study

RATIOS = (0.2, 0.6, 1.1, 2.2)
SEED = 9000
CONTROL = 0.1
WAYS = ("membrane", "prior", "subsurface")


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes
    ----------
    ratios : t/d of the sheets.  maps : grain maps, each with every t/d.
    cells, grains : elements along each side, of sheet and inversion, and grains of a face.
    sheets : draws of what lies below, 0 for none.  solves : forward runs of a refinement.
    """

    ratios: Sequence[float]
    maps: int
    cells: int = 32
    grains: int = 60
    sheets: int = 8
    solves: int = 5


def bench_thickness(model: Path, output: Path, plan: Plan) -> list[dict[str, Any]]:
    """Make and invert sheets; write ``cases.csv``, ``summary.csv`` and ``shared.csv``.

    Returns
    -------
    list of dict
        Rows of the summary.

    Raises
    ------
    SlipfieldError
        If ``output`` holds another bench, too few subsurface sheets are asked for, a sheet is too
        thick for its elements or cannot be simulated.
    """
    if 0 < plan.sheets < FEWEST_SHEETS:
        raise SlipfieldError(
            f"sheets: given {plan.sheets}; expected 0 or {FEWEST_SHEETS} and more subsurface sheets"
        )
    loaded = Model.load(model)
    base = loaded.study
    for ratio in plan.ratios:
        layers_of(_study(base, plan, ratio), f"ratios: t/d of {ratio:g}")
    cases, rows = [(n, ratio) for n in range(plan.maps) for ratio in (*plan.ratios, 0.0)], []
    with claimed(output, "bench"), progress("invert unseen sheets", len(cases)) as advance:
        _claim(output, loaded, plan)
        for number, ratio in cases:
            path = output / "cases" / f"{number:03d}-{ratio:g}.json"
            make = partial(_rows, model, base, plan, number, ratio, output / "work")
            rows += cached_rows(path, make)
            write_text(output / "cases.csv", csv_text(rows, digits=4))
            write_text(output / "summary.csv", csv_text(summary(rows), digits=4))
            write_text(output / "shared.csv", csv_text(_shared(output / "work", cases), digits=3))
            advance()
    return summary(rows)


def _claim(output: Path, model: Model, plan: Plan) -> None:
    facts = {
        "cells": plan.cells,
        "grains": plan.grains,
        "sheets": plan.sheets,
        "solves": plan.solves,
        "seed": SEED,
    }
    model.claim(output / "bench.json", "bench", facts)


def _study(base: Study, plan: Plan, ratio: float) -> Study:
    return sheet_study(base, ratio, plan.cells, plan.grains, SEED)


def _rows(
    model: Path, base: Study, plan: Plan, number: int, ratio: float, work: Path
) -> list[dict[str, Any]]:
    """Rows of one sheet: one for each way; a ratio of 0 is the control."""
    study = _study(base, plan, ratio or CONTROL)
    truth = middle_parameters(study, (SEED, number, round(1000 * ratio)))
    folder = work / f"{number:03d}-{ratio:g}"
    make = make_sheet if ratio else make_membrane
    specimen = make(study, number, truth, folder)
    found = []
    for name, sheets in (("aware", plan.sheets if ratio else 0), ("membrane", 0)):
        place = folder / name
        if not (place / RESULT).exists():
            invert(
                specimen,
                [model],
                place,
                solves=plan.solves,
                cells=(plan.cells, plan.cells),
                start="centre",
                finer=False,
                membrane=name == "membrane",
                sheets=sheets,
            )
        content = read_json(place / RESULT, "bench-thickness")
        for way, estimate in _estimates(content, name).items():
            found.append(_row(number, ratio, way, content, estimate, truth))
    return found


def _shared(work: Path, cases: Sequence[tuple[int, float]]) -> list[dict[str, Any]]:
    """Share of the strength that subsurface sheets move from k3 D^-1/2 to k2, by t/d."""
    shares: dict[float, list[np.ndarray]] = {}
    for number, ratio in cases:
        path = work / f"{number:03d}-{ratio:g}" / "aware" / RESULT
        drawn = read_json(path, "bench-thickness").get("subsurface") if path.exists() else None
        if drawn:
            shares.setdefault(ratio, []).append(np.array(drawn["shares_to_k2"]))
    return [
        {
            "t_over_d": ratio,
            "faces": len(found),
            "draws": sum(map(len, found)),
            "mean": float(np.mean(np.concatenate(found))),
            "scatter_below_one_face": float(np.sqrt(np.mean([one.var(ddof=1) for one in found]))),
            "root_mean_square": float(np.sqrt(np.mean(np.concatenate(found) ** 2))),
        }
        for ratio, found in sorted(shares.items())
    ]


def _estimates(content: dict[str, Any], name: str) -> dict[str, dict]:
    """Estimates of an inversion by way: what answers, and what answered before `--subsurface`."""
    every = content["estimates"]
    last = content["answer"] or list(every)[-1]
    if name == "membrane":
        return {"membrane": every[last]}
    found = {"prior": every[content.get("subsurface", {}).get("start", last)]}
    if SUBSURFACE in every:
        found["subsurface"] = every[SUBSURFACE]
    return found


def _row(
    number: int, ratio: float, way: str, content: dict[str, Any], estimate: dict, truth: np.ndarray
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "map": number,
        "t_over_d": ratio,
        "way": way,
        "verdict": content["verdict"]["word"],
    }
    for name, value in zip(PARAMETERS, truth, strict=True):
        one = estimate[name]
        row |= {
            f"{name}_true": float(value),
            f"{name}_error_percent": 100 * (one["value"] / value - 1),
            f"{name}_half_width_percent": 50 * (one["high"] - one["low"]) / one["value"],
            f"{name}_held": int(one["low"] < value < one["high"]),
        }
    return row


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Medians by way, over all sheets and for each t/d; a t/d of 0 is the control."""
    found = []
    for way in WAYS:
        own = [row for row in rows if row["way"] == way]
        thick = [row for row in own if row["t_over_d"]]
        groups = {f"{r:g}": [row for row in own if row["t_over_d"] == r] for r in _ratios(own)}
        for name, group in {"all": thick, **groups}.items():
            if group:
                found.append({"t_over_d": name, "way": way, **_scores(group)})
    return found


def _ratios(rows: Sequence[dict[str, Any]]) -> list[float]:
    return sorted({row["t_over_d"] for row in rows})


def _scores(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    scores: dict[str, Any] = {
        "sheets": len(rows),
        "answered": sum(row["verdict"] != "none" for row in rows),
    }
    for name in PARAMETERS:
        errors = np.array([row[f"{name}_error_percent"] for row in rows])
        widths = [row[f"{name}_half_width_percent"] for row in rows]
        scores |= {
            f"{name}_median_error_percent": float(np.median(np.abs(errors))),
            f"{name}_mean_error_percent": float(errors.mean()),
            f"{name}_half_width_percent": float(np.median(widths)),
            f"{name}_held": sum(row[f"{name}_held"] for row in rows),
        }
    return scores
