"""What a test and a datasheet contradict each other in, on a curve whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.measured import TensionTest
from slipfield.kinds.curves.mismatch import elastic_line, mismatches
from slipfield.kinds.curves.product import make_curve

SHEET = Datasheet(370, 640, 205, material_class="steel")
COLUMNS = make_curve(SHEET).columns
STRAIN, STRESS = COLUMNS["engineering_strain"], COLUMNS["engineering_stress_MPa"]
GRID = np.union1d(np.linspace(0, 0.004, 60), STRAIN)
TEST = TensionTest(GRID, np.interp(GRID, STRAIN, STRESS))


def test_a_test_of_the_same_metal_raises_no_doubt():
    assert mismatches(TEST, SHEET) == []
    assert mismatches(TEST, replace(SHEET, strength_MPa=600.0)) == []
    slope, shift = elastic_line(TEST, SHEET.proof_stress_MPa)
    assert slope == pytest.approx(205e3, rel=0.01) and shift == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("strain", "stress", "words"),
    [
        (TEST.strain, TEST.stress_MPa / 1e3, ["strength is 0.64 MPa", "rises by 0.205 GPa"]),
        (TEST.strain, 1.5 * TEST.stress_MPa, ["strength is 960 MPa", "rises by 307 GPa"]),
        (TEST.strain + TEST.stress_MPa / 20e3, TEST.stress_MPa, ["strain of the crosshead"]),
        (TEST.strain / 10, TEST.stress_MPa, ["--gauge-length"]),
        (TEST.strain + 0.004, TEST.stress_MPa, ["begins at a strain of 0.0040"]),
    ],
    ids=["GPa", "area", "crosshead", "gauge", "toe"],
)
def test_mistakes_are_named(strain, stress, words):
    found = mismatches(TensionTest(strain, stress), SHEET)
    assert len(found) == len(words)
    for line, word in zip(found, words, strict=True):
        assert word in line


def test_without_elastic_points_nothing_is_said_of_the_slope():
    late = TEST.strain > 0.005
    assert mismatches(TensionTest(TEST.strain[late], TEST.stress_MPa[late]), SHEET) == []
