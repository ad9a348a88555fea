"""Figures of the projection inverter show the numbers of their tables."""

import numpy as np
import pandas as pd
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.figures.projection import (
    figure_accuracy,
    figure_crossmesh,
    write_figures,
)
from slipfield.kinds.slip.study import PARAMETERS


def table(cases: list[str]) -> pd.DataFrame:
    rows = [(case, name) for case in cases for name in PARAMETERS]
    frame = pd.DataFrame(rows, columns=["case", "parameter"])
    return frame.assign(median_percent=np.arange(1.0, len(rows) + 1) / 7)


TABLES = {
    "samples": table(["50", "500", "2000"]),
    "noise": table(["DIC", "0 %", "5 %"]),
    "frames": table(["1", "20"]),
}


def test_error_curves_are_those_of_the_tables():
    axes = figure_accuracy(TABLES).axes
    for axis, numbers in zip(axes, ([50, 500, 2000], [0, 5], [1, 20]), strict=True):
        for line in axis.lines[:3]:
            assert line.get_xdata().tolist() == numbers
    k2 = TABLES["samples"].query("parameter == 'k2'")["median_percent"]
    np.testing.assert_array_equal(axes[0].lines[1].get_ydata(), k2)


def test_crossmesh_figure_names_every_case():
    rows = [
        {"adapted_to": a, "tested_on": t, "parameter": p, "median_percent": 2.0, "shift_percent": s}
        for a, t in (("none", "1x"), ("none", "2x"), ("2x", "2x"))
        for p, s in zip(PARAMETERS, (-1.0, 0.0, 3.0), strict=True)
    ]
    left, right = figure_crossmesh(pd.DataFrame(rows)).axes
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert labels[1:] == ["tested on 2x, not adapted", "tested on 2x, adapted to 2x"]
    assert [line.get_xdata()[0] for line in right.lines[:3]] == [-1, 0, 3]


def test_all_pictures_are_written_or_the_missing_table_named(tmp_path):
    with pytest.raises(SlipfieldError, match="no samples.csv"):
        write_figures(tmp_path, tmp_path)
    for name, content in TABLES.items():
        content.to_csv(tmp_path / f"{name}.csv", index=False)
    write_figures(tmp_path, tmp_path / "pictures")
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["accuracy.png"]
