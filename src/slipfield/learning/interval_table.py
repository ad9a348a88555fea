"""The table of true, predicted and enclosed parameters that inverters with intervals write."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from slipfield.dataset.collection import Collection
from slipfield.files import write_text
from slipfield.study import PARAMETERS

INTERVALS = "intervals.csv"
_KINDS = ("true", "predicted", "low", "high")


def write_intervals(
    dataset: Collection,
    indices: np.ndarray,
    predicted: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    folder: Path,
) -> None:
    """Write intervals.csv: sample, then true, predicted, low and high k1, k2, k3, each (n, 3)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["sample", *(f"{name}_{kind}" for kind in _KINDS for name in PARAMETERS)])
    columns = np.hstack([dataset.parameters[indices], predicted, low, high])
    for sample, row in zip(dataset.samples[indices].tolist(), columns, strict=True):
        writer.writerow([sample, *(f"{value:.9g}" for value in row)])
    write_text(folder / INTERVALS, text.getvalue())
