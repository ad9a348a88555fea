"""Report section that compares the study's inverters with simpler methods."""

from __future__ import annotations

import pandas as pd

from slipfield.core.numbers import short
from slipfield.core.reading import read_table, reading
from slipfield.kinds.slip.figures.baselines import LOOKS
from slipfield.kinds.slip.figures.pictures import pictures_of
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.report.page import Section, Table, duration
from slipfield.report.style import score_text


def curves_section(results: Results) -> Section | None:
    """Learning curves, and all methods at the largest number of training samples."""
    path = results.folder / "baselines" / "learning_curves.csv"
    if not path.exists() or path in results.stale:
        return None
    table = read_table(path, "baselines")
    with reading(path, "baselines"):
        return _section(results, table)


def _section(results: Results, table: pd.DataFrame) -> Section:
    most = table[table["training_samples"] == table["training_samples"].max()]
    first = most.iloc[0]
    of_others = "whose microstructures no training saw"
    if first.get("split") == "random":
        of_others = "of the same microstructures"
    text = (
        f"All methods were trained on the same samples and tested on {first['test_samples']} "
        f"others, {of_others}."
    )
    rows = [_row(label, most[most["method"] == name]) for name, (label, *_) in LOOKS.items()]
    compared = Table(
        f"{first['training_samples']} training samples of "
        f"{first['training_microstructures']} microstructures",
        [row for row in rows if row],
        ("", *(f"R² of {name}" for name in PARAMETERS), "median error", "95 % error", "CPU time"),
        note="Errors: of k1, k2, k3, relative to the true value. CPU time: of the training.",
    )
    return Section("curves", "Learning curves", [text], pictures_of(results, "curves"), [compared])


def _row(label: str, own: pd.DataFrame) -> tuple[str, ...] | None:
    """Scores of one method; nothing if it was not compared."""
    if own.empty:
        return None
    own = own.set_index("parameter").loc[list(PARAMETERS)]
    errors = (
        ", ".join(map(short, own[column])) + " %" for column in ("median_percent", "p95_percent")
    )
    return label, *map(score_text, own["r2"]), *errors, duration(own["cpu_seconds"].iloc[0])
