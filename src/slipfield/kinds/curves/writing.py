"""Files of a curve: table, summary and picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from slipfield.core.files import write_text
from slipfield.core.recorded import forget
from slipfield.core.tables import csv_text
from slipfield.kinds.curves.measured import Score, TensionTest
from slipfield.kinds.curves.picture import draw_curve
from slipfield.kinds.curves.product import COLUMNS, Curve


def write_curve(
    curve: Curve,
    folder: Path,
    test: TensionTest | None = None,
    score: Score | None = None,
    doubts: Sequence[str] = (),
) -> dict[str, Any]:
    """Write curve.csv, curve.json and curve.png into a folder; returns what curve.json holds.

    ``doubts`` are what a test and the datasheet contradict each other in.

    Raises
    ------
    SlipfieldError
        If a file cannot be written.
    """
    rows = zip(*(curve.columns[name] for name in COLUMNS), strict=True)
    table = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    forget(folder / "curve.json")
    write_text(folder / "curve.csv", csv_text(table, 9))
    summary = curve.summary()
    if score is not None:
        summary["measured"] = {**asdict(score), "warnings": list(doubts)}
    draw_curve(curve, folder / "curve.png", test)
    write_text(folder / "curve.json", json.dumps(summary, indent=2) + "\n")
    return summary
