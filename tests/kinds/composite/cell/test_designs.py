"""Boxes by the reduced model, re-checked by a cell that it has not seen."""

import csv
import itertools
import json

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.answers import run_design, stiffness_text
from slipfield.kinds.composite.cell import Cell
from slipfield.kinds.composite.constants import CONSTANTS
from slipfield.kinds.composite.fronts import front, hypervolume, weighted_sum
from slipfield.kinds.composite.geometry import CELLS
from slipfield.kinds.composite.question import Question
from slipfield.kinds.composite.ranges import rises_with_num
from slipfield.kinds.composite.rechecked import Workbench, exact_degree, keeps
from slipfield.kinds.composite.searches import largest, widest
from slipfield.kinds.composite.series import series_stiffness
from slipfield.kinds.composite.targets import Target, Widths

TARGET = (Target("C22", 15.2, 16.8),)


@pytest.fixture(scope="module")
def matched(bench):
    return bench.search(TARGET, lambda problem, first: widest(problem, first=first))


def test_widest_box_is_as_wide_as_measured_before(matched):
    design, starts = matched
    assert design.value == pytest.approx(0.07099, abs=1e-5)
    assert len(starts) >= 5 and np.ptp(starts) < 1e-6


def test_range_of_the_box_by_the_series_keeps_the_target(bench, matched):
    design, _ = matched
    assert keeps(design, TARGET)
    ends = [series_stiffness(r, 48)[2] for r in (design.ranges[0].at_low, design.ranges[0].at_high)]
    assert ends == pytest.approx([15.2, 16.8], abs=1e-4)
    inside = np.random.default_rng(5).random((40, 5))
    values = [bench.exact.stiffness(p)[2] for p in design.box[0] + inside * np.ptp(design.box, 0)]
    assert 15.2 < min(values) and max(values) < 16.8
    assert bench.missed(design, TARGET, 2000) == 0


def test_sign_of_the_matrix_ratio_is_proved_where_it_is_so(cell, matched):
    """The proof holds for the box found, and not where the cell's derivative is negative."""
    design, _ = matched
    assert set(design.ranges[0].proved) == {"em", "num", "ef", "fraction"}
    inside = design.box[0] + np.random.default_rng(2).random((5, 5)) * np.ptp(design.box, axis=0)
    assert min(cell.with_gradient(point)[1][2, 1] for point in inside) > 0
    falling = np.array([[8.3, 0.001, 429.0, 0.015, 0.465], [8.4, 0.002, 430.0, 0.016, 0.466]])
    assert cell.with_gradient(falling[0])[1][2, 1] < 0
    assert rises_with_num(cell, design.box) and not rises_with_num(cell, falling)


def test_axial_shear_falls_with_both_ratios(cell):
    for point in ((5.0, 0.35, 250.0, 0.275, 0.3), (3.0, 0.45, 1.0, 0.1, 0.55)):
        assert (cell.with_gradient(point)[1][5, [1, 3]] < 0).all()


def test_front_and_weighted_sums(bench, matched):
    curve = bench.front(TARGET, 0.2, matched[0])
    distance, width = curve.misses[:, 0], curve.width
    assert hypervolume(distance, width, 2.5, 0.2) > 0.362
    assert distance[-1] == pytest.approx(2.146, abs=0.002)
    assert curve.distance == pytest.approx(distance / 1.6)
    sums = [weighted_sum(distance, width, phi, 1 - phi) for phi in (0.25, 0.5, 0.75)]
    assert sums == pytest.approx([-0.05325, -0.0355, -0.01775], abs=2e-5)


def test_largest_volume(bench, matched):
    design, _ = bench.search(TARGET, lambda problem, first: largest(problem, first=first))
    assert keeps(design, TARGET)
    volume = np.prod(np.ptp(matched[0].box, axis=0) / np.ptp(bench.bounds, axis=0))
    assert design.value > 85 * volume


def test_several_targets_with_interior_extremes(bench):
    targets = (Target("C23", 5.0, 5.6), Target("nu12", 0.28, 0.33), Target("E1", 80.0, 130.0))
    design, _ = bench.search(targets, lambda problem, first: widest(problem, starts=3, first=first))
    assert keeps(design, targets)
    assert bench.missed(design, targets, 2000) == 0


def test_tolerances_of_the_user(bench):
    widths = Widths(np.array([0.4, 0, 0, 0, 0.02]), np.array([0, 0, 0.05, 0, 0]))
    design, _ = widest(bench.problem(TARGET), widths)
    width = design.box[1] - design.box[0]
    least = design.value * (widths.constant + widths.share * design.box.sum(0))
    assert (width >= (1 - 1e-6) * least).all()
    assert width[0] == pytest.approx(0.4 * design.value, rel=1e-6)


def test_fixed_names_of_the_answers(tmp_path):
    content = json.loads(stiffness_text((5, 0.35, 250, 0.275, 0.3), "square", False, 6, True))
    assert content["C22"] == pytest.approx(12.97274887, rel=1e-6)
    assert set(content["gradient"]["nu23"]) == {"em", "num", "ef", "nuf", "fraction"}
    question = Question.parse([("C44", 2.0, 3.0)], [("em", 3.0, 6.0)], [("fraction", "5%")])
    lines = list(run_design(question, tmp_path, draws=500))
    found = json.loads((tmp_path / "design.json").read_text())
    assert 0 < found["width"] < 1 and 2 <= found["range"]["C44"][0] < found["range"]["C44"][1] <= 3
    assert set(found["box"]) == {"em", "num", "ef", "nuf", "fraction"}
    assert found["largest"]["volume"] > found["volume"]
    assert found["tolerances"]["tolerance_factor"] > 0
    assert found["draws"] == {"count": 500, "missed": 0}
    assert any("C44 by the cell" in line for line in lines)


@pytest.mark.parametrize(("low", "high"), [(33.0, 34.0), (3.5, 3.64), (12.0, 12.0005)])
def test_targets_that_few_materials_keep_have_a_box(bench, low, high):
    """Two that only a corner of the bounds reaches, and one that is narrow."""
    target = (Target("C22", low, high),)
    design, _ = bench.search(target, lambda p, first: widest(p, starts=2, first=first))
    assert keeps(design, target) and design.value > 1e-5
    more, _ = bench.search(target, lambda p, first: largest(p, 1, first=first, known=design))
    assert keeps(more, target) and more.value >= design.value**5 * (1 - 1e-9)
    ends = [series_stiffness(r, 48)[2] for r in (design.ranges[0].at_low, design.ranges[0].at_high)]
    assert low - 1e-6 <= ends[0] < ends[1] <= high + 1e-6


def test_given_numbers_stay_and_the_others_get_ranges(tmp_path):
    glass = [("em", 3.5, 3.5), ("ef", 72, 72), ("nuf", 0.22, 0.22), ("fraction", 0.5, 0.5)]
    question = Question.parse([("nu12", 0.25, 0.3), ("E2", 10, 14)], glass, [])
    list(run_design(question, tmp_path, front_width=0.4, draws=0))
    found = json.loads((tmp_path / "design.json").read_text())
    assert found["box"]["em"] == [3.5, 3.5] and found["box"]["fraction"] == [0.5, 0.5]
    low, high = found["box"]["num"]
    assert found["width"] == pytest.approx((high - low) / 0.1) and found["largest"]["volume"] > 0
    assert found["volume"] == pytest.approx(found["width"])
    cell = Cell(degree=8)
    for ratio in np.linspace(low, high, 7):
        values = dict(zip(CONSTANTS, cell.values((3.5, ratio, 72, 0.22, 0.5))[0], strict=True))
        assert 0.25 <= values["nu12"] <= 0.3 and 10 <= values["E2"] <= 14
    assert "em" not in found["on_bounds"] and found["largest"]["on_bounds"] == {"num": ["lower"]}
    _check_front_by_the_cell(tmp_path / "front.csv", cell)
    list(run_design(question, tmp_path, draws=0))
    assert not (tmp_path / "front.csv").exists()  # it answered another question


def _check_front_by_the_cell(path, cell):
    """Misses of each row, with their units, by the cell itself at points of the one free range."""
    targets = {"nu12": (0.25, 0.3, ""), "E2": (10.0, 14.0, "_GPa")}
    with open(path, newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) > 2 and rows[0]["missed"] == "" and rows[-1]["missed"]
    for row in (rows[0], rows[-1]):
        ratios = np.linspace(float(row["num_low"]), float(row["num_high"]), 9)
        values = np.array([cell.values((3.5, ratio, 72, 0.22, 0.5))[0] for ratio in ratios])
        squares = 0.0
        for name, (low, high, unit) in targets.items():
            found = values[:, CONSTANTS.index(name)]
            miss = np.hypot(max(low - found.min(), 0), max(found.max() - high, 0))
            assert float(row[f"{name}_miss{unit}"]) == pytest.approx(miss, abs=1e-6)
            assert (name in row["missed"].split()) == (miss > 0)
            squares += (miss / (high - low)) ** 2
        assert float(row["distance_target_widths"]) == pytest.approx(squares**0.5, abs=1e-5)


@pytest.mark.parametrize("array", ["square", "hexagonal"])
def test_holes_have_designs(tmp_path, array):
    """By cells whose fibres are a billionth as stiff as the matrix."""
    question = Question.parse([("E2", 1.8, 2.2)], [], [("em", "2%")], array, void=True)
    list(run_design(question, tmp_path, draws=500))
    found = json.loads((tmp_path / "design.json").read_text())
    assert set(found["box"]) == {"em", "num", "fraction"} and found["draws"]["missed"] == 0
    assert set(found["proved"]["E2"]) == {"em", "fraction"}
    filled = Cell(array, degree=8)
    number = CONSTANTS.index("E2")
    for box in (found, found["largest"], found["tolerances"]):
        ends = [
            filled.values((em, num, 1e-9 * em, 0.0, fraction))[0, number]
            for em, num, fraction in itertools.product(*box["box"].values())
        ]
        assert 1.8 - 1e-6 <= min(ends) and max(ends) <= 2.2 + 1e-6


def test_close_thin_and_soft_fibres_are_rechecked_by_a_finer_cell():
    def degree(low, high, ef="72", **options):
        bounds = [("fraction", low, high), *([] if options.get("void") else [("ef", ef, "450")])]
        question = Question.parse([("C22", 4.0, 5.0)], bounds, [], **options)
        return exact_degree(question, question.bounds)

    assert [degree(0.2, high) for high in (0.4, 0.55, 0.7, 0.785)] == [8, 10, 12, 12]
    assert degree(0.2, 0.7, array="hexagonal") == 10 and degree(0.2, 0.3, degree=9) == 11
    assert [degree(0.2, 0.3, array=array, void=True) for array in CELLS] == [8, 10]
    assert degree(0.2, 0.5, ef="7") == 10  # softer than the stiffest matrix
    assert [degree(low, 0.3) for low in (0.2, 0.1, 0.03)] == [8, 10, 12]


def test_thin_fibres_have_boxes_that_hold_by_the_series():
    """A cell of degree 8 is off by 4e-5 at 0.01: boxes missed their targets by that."""
    bounds = np.array([[2, 0.3, 50, 0.2, 0.01], [5, 0.4, 450, 0.35, 0.06]])
    target = (Target("C22", 4.0, 5.0),)
    design, _ = Workbench.prepare(bounds).search(target, lambda p, f: widest(p, starts=1, first=f))
    for corner in itertools.product(*design.box.T):
        assert 4.0 <= series_stiffness(corner, 24)[2] <= 5.0


def test_unreachable_target_says_what_can_be_reached(bench):
    with pytest.raises(SlipfieldError, match="no box within the bounds keeps C22 .* C22 takes"):
        widest(bench.problem((Target("C22", 100.0, 110.0),)), starts=2)


def test_no_point_of_a_front_is_dominated_by_chance(bench, matched):
    curve = front(bench.problem(TARGET), 0.1, matched[0], points=3, between=4)
    assert (np.diff(curve.width) > 0).all()
    assert (np.diff(curve.distance) > 0).all()


def test_numbers_beyond_floating_point_are_no_stiffness():
    with pytest.raises(SlipfieldError, match="em, ef: given 1e\\+308 and 1e\\+308 GPa"):
        stiffness_text((1e308, 0.35, 1e308, 0.275, 0.3), "square", False, 2, False)
    with pytest.raises(SlipfieldError, match="a cell takes a ratio of at most 1e"):
        stiffness_text((5.0, 0.35, 1e300, 0.275, 0.3), "square", False, 2, False)
    with pytest.raises(SlipfieldError, match="a cell takes a ratio of at most 1e"):
        stiffness_text((5.0, 0.4999999999999, 250.0, 0.275, 0.3), "square", False, 2, False)


def test_box_that_the_cell_says_misses_is_no_answer(bounds, monkeypatch):
    """A basis of two cells is coarse; without corrections its box misses by the cell."""
    monkeypatch.setattr("slipfield.kinds.composite.rechecked.CORRECTIONS", 0)
    coarse = Workbench.prepare(bounds, solves=2)
    with pytest.raises(SlipfieldError, match="target: the cell gives C22 .* which misses by"):
        coarse.search(TARGET, lambda problem, first: widest(problem, first=first))
