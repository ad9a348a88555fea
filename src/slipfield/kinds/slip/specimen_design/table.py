"""Tables of a bench of designs: each fresh specimen, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.core.progress import progress
from slipfield.kinds.slip.specimen_design.evaluation import ERRORS, WORST, evaluate
from slipfield.kinds.slip.specimen_design.fresh import invert_fresh
from slipfield.kinds.slip.study import PARAMETERS, Study


def specimen_rows(
    study: Study, designs: Mapping[str, Mapping[str, float]], count: int
) -> pd.DataFrame:
    """One row for each of ``count`` fresh specimens of each design: truth, errors of ln k."""
    rows = []
    with progress("invert", count * len(designs)) as advance:
        for name, values in designs.items():
            for number in range(count):
                row: dict[str, float | str] = {"design": name, "specimen": number, "reason": ""}
                try:
                    found = invert_fresh(study, values, number)
                except SlipfieldError as error:
                    row["reason"] = str(error)
                else:
                    away = np.abs(found.found - found.true)
                    row |= dict(zip(PARAMETERS, np.exp(found.true).tolist(), strict=True))
                    row |= dict(zip(ERRORS, away.tolist(), strict=True))
                    row |= {WORST: float(away.max()), "converged": str(found.converged)}
                rows.append(row)
                advance("", len(rows))
    return pd.DataFrame(rows)


def design_rows(
    study: Study, designs: Mapping[str, Mapping[str, float]], specimens: pd.DataFrame
) -> pd.DataFrame:
    """One row for each design: its variables, promised standard errors, median errors found."""
    rows = []
    for number, (name, values) in enumerate(designs.items()):
        promised = evaluate(study, values, 700 + number)
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
