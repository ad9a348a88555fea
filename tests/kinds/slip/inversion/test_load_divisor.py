"""How much the loads of a test with an unloading count, against a bar whose elongation is noisy."""

import numpy as np
from scipy.sparse import eye_array

from slipfield.kinds.slip.inversion.comparison import SMALL_LOAD, load_divisor
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.mesh import Mesh

STIFFNESS, YIELD, HARDENING = 3000.0, 12.0, 30.0  # N/mm, N, N/mm
NOISE, READING = 1e-4, 5e-3  # mm, relative
TIME = np.arange(1.0, 21.0)
PATH = np.interp(TIME, [0, 10, 12, 20], [0, 0.05, 0.046, 0.062])
UNLOADED = [10, 11]


def load_of(path):
    """Load (time,) N of a bar with linear hardening, by return mapping."""
    load, plastic = [], 0.0
    for elongation in path:
        trial = STIFFNESS * (elongation - plastic)
        excess = abs(trial) - YIELD - HARDENING * plastic
        if excess > 0:
            plastic += np.sign(trial) * excess / (STIFFNESS + HARDENING)
        load.append(STIFFNESS * (elongation - plastic))
    return np.array(load)


def run_on(path):
    shape = len(TIME), 3, 2, 2
    return Reference(
        0, np.ones(3), TIME, path, np.zeros(shape), load_of(path), np.zeros((3, *shape)),
        np.zeros((3, len(TIME))), "green_lagrange",
    )  # fmt: skip


def measured(load, noise=NOISE):
    x, y = np.meshgrid([0.0, 1.0], [0.0, 1.0])
    points = np.zeros((len(TIME), 3, 4))
    return Measurement(
        TIME, points, load, eye_array(4).tocsr(), Mesh(x, y), (1.0, 1.0), 1, None, noise
    )


def test_loads_are_divided_by_what_noise_of_reading_and_elongation_scatters_them():
    random, residuals, told = np.random.default_rng(4), [], []
    for _ in range(400):
        load = load_of(PATH) * (1 + READING * random.standard_normal(len(TIME)))
        run = run_on(PATH + NOISE * random.standard_normal(len(TIME)))
        residuals.append(load - run.load)
        told.append(READING * load_divisor(measured(load), run, READING))
    ratio = np.std(residuals, axis=0) / np.mean(told, axis=0)
    np.testing.assert_allclose(ratio[UNLOADED], 1, atol=0.15)
    # At a kink of the course one side is steep and one flat, and which one holds is not known.
    kinks = [0, 9, 12, *UNLOADED]
    np.testing.assert_allclose(np.delete(ratio, kinks), 1, atol=0.2)
    assert np.all((ratio[[0, 9, 12]] > 0.2) & (ratio[[0, 9, 12]] < 1.5))


def test_without_noise_of_the_elongation_it_is_the_load_or_a_share_of_the_largest():
    load = load_of(PATH)
    load[3] = 0.1
    expected = np.maximum(load, SMALL_LOAD * load.max())
    np.testing.assert_allclose(load_divisor(measured(load, 0.0), run_on(PATH), READING), expected)


def test_held_loads_scatter_as_an_elastic_bar_does():
    path = PATH.copy()
    path[12:17] = path[12]
    random, residuals, told = np.random.default_rng(6), [], []
    for _ in range(400):
        run = run_on(path + NOISE * random.standard_normal(len(TIME)))
        residuals.append(load_of(path) * (1 + READING * random.standard_normal(20)) - run.load)
        told.append(READING * load_divisor(measured(load_of(path)), run, READING))
    held = slice(13, 16)
    assert np.all(np.std(residuals, axis=0)[held] < 1.2 * np.mean(told, axis=0)[held])


def test_a_hold_without_known_noise_and_an_unknown_load_are_no_matter():
    path = PATH.copy()
    path[15:] = path[15]
    load = load_of(path)
    load[4] = np.nan
    for noise in (0.0, NOISE):
        found = load_divisor(measured(load, noise), run_on(path), READING)
        assert np.isnan(found[4])
        assert np.isfinite(np.delete(found, 4)).all()
