"""Registration of the grain map on fields that are known everywhere, as functions of the place."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.sparse import eye_array

from slipfield.kinds.slip.inversion.refine import Prior, Problem
from slipfield.kinds.slip.inversion.registration import (
    Motion,
    Placed,
    Registered,
    moved_map,
    register,
    with_motions,
)
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.mesh import Mesh
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler

NODES = 65
SHARE = np.linspace(0, 1, NODES)
Y = np.repeat(2 * SHARE[:, None], NODES, axis=1)
HALF = 1 - 0.1 * np.sin(np.pi * SHARE) ** 2
X = 1 + HALF[:, None] * (2 * SHARE - 1)
"""Nodes of a notched sheet of 2 x 2 mm."""

MIDDLE = np.array([1.0, 1.0])
WAVES = np.random.default_rng(3).uniform(-9, 9, (3, 12, 2))
PHASES = np.random.default_rng(4).uniform(0, 2 * np.pi, (3, 12))
K = np.array([110.0, 25.0, 12.0])
PRIOR = Prior(np.log(K), np.full(3, 0.8))
UNIT = np.column_stack([np.eye(2), np.zeros(2)])


def pattern(x, y, seed):
    """Three components that vary over about half a millimetre."""
    shift = np.random.default_rng(seed).uniform(0, 6, (3, 12))
    angle = WAVES[:, :, 0, None, None] * x + WAVES[:, :, 1, None, None] * y
    return np.cos(angle + (PHASES + shift)[:, :, None, None]).mean(axis=1)


def run_of(affine, k=K):
    """Strain that follows a grain map which was moved by an affine map of the sheet."""
    inverse = np.linalg.inv(affine[:, :2])
    x, y = np.einsum("ij,jyx->iyx", inverse, np.stack([X, Y]) - affine[:, 2, None, None])
    fields = np.stack([pattern(x, y, seed) for seed in range(3)])
    size = np.array([0.01, 0.02, 0.03])
    growth = (k / K)[:, None, None, None]
    rates = size[:, None, None, None, None] * (growth * fields)[:, None]
    load = np.array([50.0, 80.0, 100.0])
    strain = (
        rates.sum(axis=0) * np.ones((3, 1, 1, 1)) * np.array([0.3, 0.6, 1])[:, None, None, None]
    )
    rates = np.repeat(rates, 3, axis=1) * np.array([0.3, 0.6, 1])[None, :, None, None, None]
    return Reference(
        0, k, np.arange(1.0, 4), 0.01 * np.arange(1.0, 4), strain, load,
        rates, np.full((3, 3), 0.3) * load, "green_lagrange",
    )  # fmt: skip


def measured(affine, noise=0.0):
    run, random = run_of(affine), np.random.default_rng(0)
    points = run.strain.reshape(3, 3, -1)
    points = points + noise * random.standard_normal(points.shape)
    return Measurement(
        run.time, points, run.load, eye_array(NODES**2).tocsr(), Mesh(X, Y), (0.03, 0.03)
    )


@pytest.mark.parametrize("row", range(5))
def test_derivatives_are_those_of_a_moved_field(row):
    values = np.zeros(5)
    values[row] = 1e-3
    moved = [run_of(Motion(sign * values, values).affine(MIDDLE)).strain for sign in (1, -1)]
    numeric = (moved[0] - moved[1]) / 2e-3
    rates = with_motions(run_of(UNIT), Mesh(X, Y)).strain_rates[3 + row]
    inner = (..., slice(2, -2), slice(2, -2))
    error = np.abs(rates - numeric)[inner].max()
    assert error < 0.03 * np.abs(numeric).max()


def specimen():
    """Grain map as a specimen file has it, as far as a motion concerns it."""
    euler = np.random.default_rng(1).uniform(0, np.pi, (4, 3))
    return xr.Dataset(
        {
            "affine": (("row", "column"), UNIT),
            "ellipse": (("grain", "axis"), np.full((4, 2), 0.1)),
            "size": ("grain", np.full(4, np.hypot(0.1, 0.1))),
            "euler": (("grain", "angle"), euler),
        }
    )


def placed(measurement, data, k):
    run = run_of(data["affine"].values, k)
    return Placed(Problem(measurement, run_of, 5e-3, PRIOR), run)


@pytest.mark.parametrize(
    "values", [(0.03, -0.02, 0.0175, 0, 0), (-0.02, 0.025, -0.0175, 0.004, -0.003)]
)
def test_shift_turn_and_stretch_are_found_back(values):
    """30 um and 1 degree, from parameters that are 10 % off."""
    truth = Motion(np.array(values), np.zeros(5)).affine(MIDDLE)
    measurement, data, k = measured(truth, 5e-4), specimen(), K * [1.1, 0.9, 1.05]
    found, done = register(
        data, placed(measurement, data, k), lambda moved, _: placed(measurement, moved, k)
    )
    np.testing.assert_array_equal(found["affine"], done.affine)
    corners = np.array([[0, 0, 1], [0, 2, 1], [2, 0, 1], [2, 2, 1]]).T
    np.testing.assert_allclose(done.affine @ corners, truth @ corners, atol=5e-3)
    at_middle = truth[:, :2] @ MIDDLE + truth[:, 2] - MIDDLE
    np.testing.assert_allclose(done.shift_mm, at_middle, atol=4e-3)
    assert done.turn_deg == pytest.approx(np.degrees(values[2]), abs=0.1)
    assert done.after > 0.99 > done.before
    assert json.dumps(done.to_json())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            (0.1284, -0.0372, 0.0191),
            "moved by 128 um along x and -37 um along y (+-4 and 2, 95 %) in the middle of the "
            "sheet, and turned by 1.1 degrees (+-0.1)",
        ),
        ((-0.0003, 0.012, -2e-4), "moved by 0 um along x and 12 um along y (+-4 and 2, 95 %) in"),
    ],
)
def test_a_motion_is_told_in_the_digits_that_are_known_with_95_per_cent_intervals(values, said):
    deviation = np.array([2e-3, 1e-3, 5e-4, 1e-3, 1e-3])
    affine = Motion(np.array([*values, 0, 0]), deviation).affine(MIDDLE)
    text = Registered(affine, MIDDLE, deviation, 0.79, 0.91).text
    assert said in text
    assert "-0" not in text.replace("+-0.1", "")
    assert "e+" not in text


@pytest.mark.parametrize(
    ("stretches", "said"),
    [
        ((0.0101, 0.0098), "stretched by 1.0 % along x and 1.0 % along y (+-0.2 and 0.2): lengths"),
        ((-0.0002, 0.02), "stretched by 0.0 % along x and 2.0 % along y"),
        ((-0.002, 0.001), None),
    ],
)
def test_a_stretched_map_tells_of_a_wrong_scale(stretches, said):
    """The shift of the middle alone reads as a map that was laid badly."""
    deviation = np.full(5, 1e-3)
    affine = Motion(np.array([0.01, 0.01, 0.002, *stretches]), deviation).affine(MIDDLE)
    done = Registered(affine, MIDDLE, deviation, 0.9, 0.94)
    np.testing.assert_allclose(done.to_json()["stretch"], stretches, atol=1e-12)
    assert ("--scale" in done.text) == (said is not None)
    assert said is None or said in done.text


def test_a_map_that_lies_right_or_is_another_is_left_alone():
    data = specimen()

    def again(moved, number):
        return placed(measured(UNIT), moved, K)

    found, done = register(data, placed(measured(UNIT, 5e-4), data, K), again)
    assert done is None
    xr.testing.assert_identical(found, data)
    other = measured(np.column_stack([np.diag([-1.0, 1.0]), [2.0, 0.0]]))
    found, done = register(data, placed(other, data, K), lambda moved, _: placed(other, moved, K))
    assert done is None


def test_a_motion_that_makes_nothing_better_is_taken_back():
    truth = Motion(np.array([0.03, 0, 0, 0, 0]), np.zeros(5)).affine(MIDDLE)
    data, measurement = specimen(), measured(truth)
    start = placed(measurement, data, K)
    found, done = register(data, start, lambda moved, _: replace(start))
    assert done is None
    xr.testing.assert_identical(found, data)


def test_crystals_turn_with_the_map():
    data = specimen()
    turn = Motion(np.array([0, 0, 0.3, 0.01, 0.01]), np.zeros(5)).affine(MIDDLE)
    moved = moved_map(data, turn)
    vector = np.array([0.6, -0.8, 0.2])
    turned = np.array([[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]])
    before = matrix_of_euler(data["euler"].values) @ vector
    after = matrix_of_euler(moved["euler"].values) @ (turned @ vector)
    np.testing.assert_allclose(after, before, atol=1e-12)
    np.testing.assert_allclose(moved["size"], 1.01 * data["size"])
