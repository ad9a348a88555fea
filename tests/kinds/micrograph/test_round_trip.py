"""The bench of micrographs in place of a true grain map: which orientation goes to which grain."""

import numpy as np
import pandas as pd
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph import round_trip as bench
from slipfield.kinds.micrograph.round_trip import orientations, round_trip
from tests.docs.test_overview import REPOSITORY


def test_a_grain_has_the_orientation_of_the_true_grain_that_it_covers_most(tmp_path):
    true = np.repeat([[1, 1, 1, 2, 2, 3]], 4, axis=0)
    found = np.repeat([[4, 4, 9, 9, 9, 9]], 4, axis=0)
    euler = np.array([[0.1, 0.2, 0.3], [1.1, 1.2, 1.3], [2.1, 2.2, 2.3]])
    (tmp_path / "table.csv").write_text(orientations(found, true, euler))
    table = pd.read_csv(tmp_path / "table.csv").set_index("label")
    assert list(table.index) == [4, 9]
    np.testing.assert_array_equal(table.loc[4], euler[0])
    np.testing.assert_array_equal(table.loc[9], euler[1])


def test_unknown_looks_and_tiny_images_are_refused(tmp_path):
    with pytest.raises(SlipfieldError, match="preset"):
        round_trip(tmp_path, ["polished"], 64, 512, tmp_path / "out")
    with pytest.raises(SlipfieldError, match="256 px"):
        round_trip(tmp_path, ["mg-gd"], 64, 100, tmp_path / "out")


def test_a_bench_goes_on_with_the_same_least_probability_alone(tmp_path, monkeypatch):
    asked = []

    def row(model, sheet, name, work, keep):
        asked.append((name, keep))
        return [{"map": name, "k1": 100.0, "k2": 30.0, "k3": 5.0}]

    monkeypatch.setattr(bench, "_row", row)
    model = REPOSITORY / "results/reference/model"
    for presets in (["mg-gd"], ["mg-gd", "tinted"]):
        round_trip(model, presets, 64, 512, tmp_path, keep=0.25)
    assert asked == [("true map", 0.25), ("mg-gd", 0.25), ("tinted", 0.25)]
    with pytest.raises(SlipfieldError, match="keep"):
        round_trip(model, ["mg-gd"], 64, 512, tmp_path, keep=0.3)
