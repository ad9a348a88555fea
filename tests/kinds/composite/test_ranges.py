"""Ranges and boxes of formulas whose extremes are known, one of them inside the box."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.constants import CONSTANTS, all_constants, engineering
from slipfield.kinds.composite.design import BoxProblem
from slipfield.kinds.composite.fronts import front, hypervolume
from slipfield.kinds.composite.ranges import exact_range, proved_signs
from slipfield.kinds.composite.searches import largest, widest
from slipfield.kinds.composite.study import CompositeStudy, check_study
from slipfield.kinds.composite.targets import Target

BOX = np.array([[2.0, 0.3, 50.0, 0.2, 0.2], [8.0, 0.4, 450.0, 0.35, 0.4]])
SPAN = BOX[1] - BOX[0]


class Formula:
    """All constants are the same formula of the parameters relative to the bounds."""

    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    def values(self, points):
        return self.constants(points)[0]

    def constants(self, points):
        x = (np.atleast_2d(points) - BOX[0]) / SPAN
        values = np.tile(self.value(x)[:, None], (1, 12))
        gradients = np.tile((self.slope(x) / SPAN)[:, None], (1, 12, 1))
        return values, gradients


def bowl(x):
    """Lowest at 0.35 of every range, away from corners and centre."""
    return ((x - 0.35) ** 2).sum(axis=1)


BOWL = Formula(bowl, lambda x: 2 * (x - 0.35))
LINEAR = Formula(lambda x: x.sum(axis=1), lambda x: np.ones_like(x))


def test_extreme_inside_the_box_is_found():
    found = exact_range(BOWL, BOX, "C23")
    assert found.proved == ()
    assert found.low == pytest.approx(0, abs=1e-9)
    assert (found.at_low - BOX[0]) / SPAN == pytest.approx([0.35] * 5, abs=1e-4)
    assert found.high == pytest.approx(5 * 0.65**2)


def test_signs_that_are_proved():
    assert proved_signs("C22", BOX) == {0: 1, 2: 1, 4: 1}
    assert proved_signs("E1", BOX) == {0: 1, 2: 1, 4: 1}
    assert proved_signs("nu23", BOX) == {}
    assert proved_signs("C55", BOX) == proved_signs("G12", BOX) == {0: 1, 1: -1, 2: 1, 3: -1, 4: 1}
    soft = BOX.copy()
    soft[:, 2] = 0.1, 0.5
    assert proved_signs("C44", soft)[4] == -1
    mixed = BOX.copy()
    mixed[:, 2] = 1.0, 450.0
    assert 4 not in proved_signs("C22", mixed)


def test_widest_box_of_a_linear_formula():
    """Five equal widths t add up to the target's width."""
    design, _ = widest(BoxProblem(LINEAR, BOX, [Target("C23", 2.0, 3.0)]))
    assert design.value == pytest.approx(0.2, abs=1e-6)
    volume, _ = largest(BoxProblem(LINEAR, BOX, [Target("C23", 2.0, 3.0)]))
    assert volume.value == pytest.approx(0.2**5, rel=1e-4)


def test_extreme_inside_a_box_limits_it():
    """A box around the bowl's lowest point would hold values below the target."""
    design, _ = widest(BoxProblem(BOWL, BOX, [Target("C23", 0.1, 3.0)]))
    assert design.ranges[0].low >= 0.1 - 1e-6 and design.ranges[0].high <= 3 + 1e-6
    x = (
        design.box[0] + np.random.default_rng(0).random((4000, 5)) * np.ptp(design.box, 0) - BOX[0]
    ) / SPAN
    assert bowl(x).min() > 0.1 - 1e-6


def test_hypervolume_of_two_points():
    assert hypervolume(np.array([0.5, 1.0]), np.array([0.1, 0.2]), 2.0, 0.2) == pytest.approx(
        0.1 * 1.5 + 0.1 * 1.0
    )
    assert hypervolume(np.array([3.0]), np.array([0.1]), 2.0, 0.2) == 0


def test_engineering_constants_of_an_isotropic_solid_and_their_slopes():
    e, n = 70.0, 0.3
    lam, mu = e * n / ((1 + n) * (1 - 2 * n)), e / (2 * (1 + n))
    six = np.array([[lam + 2 * mu, lam, lam + 2 * mu, lam, mu, mu]])
    assert engineering(six)[0][0] == pytest.approx([e, e, mu, mu, n, n])
    six = np.array([[82.4, 6.1, 12.9, 5.9, 2.8, 3.4]])
    slopes = all_constants(six, np.eye(6)[None, :, :5])[1]
    for k in range(5):
        step = 1e-6 * np.eye(6)[k]
        pair = engineering(np.vstack([six + step, six - step]))[0]
        assert slopes[0, 6:, k] == pytest.approx((pair[0] - pair[1]) / 2e-6, abs=1e-6)
    assert CONSTANTS[6:] == ("E1", "E2", "G12", "G23", "nu12", "nu23")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": []}, "targets"),
        ({"targets": [{"constant": "C22", "low": 3, "high": 2}]}, "lower bound must be below"),
        ({"targets": [{"constant": "C99", "low": 1, "high": 2}]}, "C99"),
        ({"bounds": {"num": [0.3, 0.5]}}, "bounds.num: given 0.5"),
        ({"bounds": {"fraction": [0.2, 0.8]}}, "bounds.fraction: given 0.8"),
        ({"bounds": {"em_GPa": [8, 2]}}, r"low <= high"),
        ({"cell": {"array": "random"}}, "cell.array"),
        ({"design": {"tolerances": {"em": "wide"}}}, "tolerance em"),
        ({"design": {"tolerances": {"E": "5%"}}}, "parameters are em"),
        ({"surrogate": {"solves": 0}}, "surrogate.solves"),
    ],
)
def test_impossible_studies_are_one_line(change, message):
    with pytest.raises(SlipfieldError, match=message) as caught:
        check_study({"name": "a", "kind": "composite", **change}, "x.yaml")
    assert str(caught.value).startswith("x.yaml: ") and "\n" not in str(caught.value)


def test_hash_tells_cells_apart_and_nothing_else():
    study = CompositeStudy(name="a", kind="composite")
    other = check_study({"name": "b", "kind": "composite", "design": {"seed": 4}}, "x")
    finer = check_study({"name": "a", "kind": "composite", "cell": {"degree": 7}}, "x")
    assert study.physics_hash() == other.physics_hash() != finer.physics_hash()


class InUnits:
    """Two constants, C23 and nu23, of different formulas; the second in any unit."""

    def __init__(self, unit):
        self.unit = unit

    def values(self, points):
        return self.constants(points)[0]

    def constants(self, points):
        x = (np.atleast_2d(points) - BOX[0]) / SPAN
        values, gradients = np.zeros((len(x), 12)), np.zeros((len(x), 12, 5))
        for name, weights, unit in (
            ("C23", (1, 1, 1, 1, 1), 1),
            ("nu23", (3, -1, 0, 0, 1), self.unit),
        ):
            values[:, CONSTANTS.index(name)] = unit * x @ weights
            gradients[:, CONSTANTS.index(name)] = unit * np.array(weights) / SPAN
        return values, gradients


def test_front_does_not_depend_on_the_units_of_its_targets():
    """Misses were added as they are: of a constant in thousandths they hardly counted."""
    curves = []
    for unit in (1.0, 1e-3, 1e3):
        targets = [Target("C23", 2.0, 3.0), Target("nu23", 1.0 * unit, 1.6 * unit)]
        problem = BoxProblem(InUnits(unit), BOX, targets)
        start, _ = widest(problem)
        curves.append(front(problem, 0.4, start, points=4, between=0))
        assert (curves[-1].misses[-1] > 0.05 * np.array([1.0, unit])).all()
    for curve, unit in zip(curves[1:], (1e-3, 1e3), strict=True):
        assert curve.distance == pytest.approx(curves[0].distance, abs=1e-5)
        assert curve.misses / [1.0, unit] == pytest.approx(curves[0].misses, abs=1e-5)
    in_widths = curves[0].misses / [1.0, 0.6]
    assert curves[0].distance == pytest.approx(np.sqrt((in_widths**2).sum(axis=1)))


def test_ends_on_the_bounds_are_the_bounds():
    """A search ends within rounding of a bound; 50.0000000000006 is 50."""
    problem = BoxProblem(LINEAR, BOX, [Target("C23", 2.0, 3.0)])
    near = np.array([1e-15] * 5 + [1 - 2e-12] * 5)
    assert (problem.to_box(near) == BOX).all()
    assert problem.to_box(np.array([1e-7] * 5 + [1.0] * 5))[0, 2] > 50


def test_front_goes_on_where_the_widest_box_is_wide_already():
    problem = BoxProblem(LINEAR, BOX, [Target("C23", 1.0, 4.0)])
    start, _ = widest(problem)
    curve = front(problem, 0.2, start, points=3, between=1)
    assert start.value == pytest.approx(0.6) and curve.width[-1] == pytest.approx(1.0)
    assert curve.distance[0] == pytest.approx(0, abs=1e-6)
    assert curve.misses[-1] == pytest.approx([2**0.5], abs=1e-6)  # all of 0 to 5
    assert curve.distance[-1] == pytest.approx(2**0.5 / 3, abs=1e-6)
    whole, _ = widest(BoxProblem(LINEAR, BOX, [Target("C23", -1.0, 6.0)]))
    assert len(front(problem, 0.2, whole).width) == 1
