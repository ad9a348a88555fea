"""Sheets from variables of a design: sizes, counts, paths, and what is refused."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.specimen_design.variables import designed
from slipfield.kinds.slip.study import check_study

SHEET = check_study(
    {"name": "sheet", "specimen": {"cells_x": 16, "cells_y": 16, "grains": 100}}, "test"
)


def test_a_design_without_variables_is_the_sheet_itself():
    assert designed(SHEET, {}).physics_hash() == SHEET.physics_hash()
    assert designed(SHEET, {}, 3).specimen.seed == SHEET.specimen.seed + 3


def test_grains_have_the_sizes_asked_for():
    values = {"surface_grain_mm": 0.12, "core_grain_mm": 0.5, "surface_height_fraction": 0.2}
    sheet = designed(SHEET, values)
    counts = np.array([b.grain_fraction for b in sheet.specimen.bands]) * sheet.specimen.grains
    heights = np.array([b.height_fraction for b in sheet.specimen.bands])
    assert heights == pytest.approx([0.2, 0.18, 0.24, 0.18, 0.2])
    assert counts == pytest.approx(
        np.rint(4 * heights / np.array([0.12, 0.06**0.5, 0.5, 0.06**0.5, 0.12]) ** 2)
    )
    made = make_microstructure(sheet, 0)
    share = np.bincount(made["band"].values[made["element_grain"].values].ravel()) / 16**2
    assert share == pytest.approx(heights, abs=0.08)


def test_what_is_not_given_stays():
    sheet = designed(SHEET, {"columnar": 0})
    assert {b.kind for b in sheet.specimen.bands} == {"equiaxed"}
    kept = [b.height_fraction for b in SHEET.specimen.bands]
    assert [b.height_fraction for b in sheet.specimen.bands] == pytest.approx(kept)
    assert sheet.specimen.bands[2].grain_fraction * sheet.specimen.grains == pytest.approx(8)


def test_an_unloading_turns_back_by_an_elastic_strain_and_keeps_the_rate():
    path = np.array(designed(SHEET, {"elongation_mm": 0.06, "unloading": 1}).loading.path)
    assert path == pytest.approx(np.array([[0, 0], [30, 0.03], [32, 0.028], [64, 0.06]]))
    assert np.abs(np.diff(path[:, 1]) / np.diff(path[:, 0])) == pytest.approx([1e-3] * 3)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"surface_height_fraction": 0.35}, "leave -6 % of the height"),
        ({"elongation_mm": 0.0}, "elongation_mm: given 0"),
        ({"neck_depth_mm": 0.9}, "neck_depth_mm"),
        ({"colour": 1.0}, "'colour' is none of"),
    ],
)
def test_impossible_designs_are_refused_in_a_line(values, says):
    with pytest.raises(SlipfieldError, match=says):
        designed(SHEET, values)
