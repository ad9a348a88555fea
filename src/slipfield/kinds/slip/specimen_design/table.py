"""Tables of a bench of designs: each fresh specimen, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import progress
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.specimen_design.evaluation import ERRORS, WORST, evaluate
from slipfield.kinds.slip.specimen_design.fresh import invert_fresh
from slipfield.kinds.slip.study import PARAMETERS, Study


def specimen_rows(
    study: Study, designs: Mapping[str, Mapping[str, float]], count: int, path: Path
) -> pd.DataFrame:
    """One row for each of ``count`` fresh specimens of each design: truth, errors of ln k.

    Specimens are inverted in turn, one of each design, and written one by one.

    Parameters
    ----------
    path : table of specimens (CSV); those in it are kept.
    """
    rows = pd.read_csv(path, keep_default_na=False).to_dict("records") if path.exists() else []
    done = {(row["design"], row["specimen"]) for row in rows}
    every = [(name, number) for number in range(count) for name in designs]
    left = [each for each in every if each not in done]
    with progress("invert", len(every)) as advance:
        for name, number in left:
            rows.append(_row(study, name, designs[name], number))
            write_text(path, csv_text(rows))
            advance("", len(rows))
    if not rows:
        return pd.DataFrame(columns=["design", "specimen", *ERRORS, WORST])
    table = pd.read_csv(path, dtype={"reason": str}).fillna({"reason": ""})
    return table[table["specimen"] < count]


def _row(
    study: Study, name: str, values: Mapping[str, float], number: int
) -> dict[str, float | str]:
    """Truth and errors of one specimen, or the reason why there are none."""
    row: dict[str, float | str] = {"design": name, "specimen": number, "reason": ""}
    try:
        found = invert_fresh(study, values, number)
    except SlipfieldError as error:
        return {**row, "reason": str(error)}
    away = np.abs(found.found - found.true)
    row |= dict(zip(PARAMETERS, np.exp(found.true).tolist(), strict=True))
    row |= dict(zip(ERRORS, away.tolist(), strict=True))
    return row | {WORST: float(away.max()), "converged": str(found.converged)}


def design_rows(
    study: Study, designs: Mapping[str, Mapping[str, float]], specimens: pd.DataFrame
) -> pd.DataFrame:
    """One row for each design: its variables, promised standard errors, median errors found."""
    rows = []
    trials = [(values, 700 + number) for number, values in enumerate(designs.values())]
    for (name, values), promised in zip(designs.items(), evaluate(study, trials), strict=True):
        if isinstance(promised, SlipfieldError):
            raise promised
        own = specimens[specimens["design"] == name]
        rows.append(
            {
                "design": name,
                **values,
                **{f"promised_{key}": promised[key] for key in (WORST, *ERRORS)},
                **{f"median_{key}": float(own[key].median()) for key in (WORST, *ERRORS)},
                "specimens": int(own[WORST].notna().sum()),
            }
        )
    return pd.DataFrame(rows)
