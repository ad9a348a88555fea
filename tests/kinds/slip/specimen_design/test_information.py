"""Fisher information against the scatter of least-squares estimates under drawn noise."""

import numpy as np
import pytest

from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen_design.information import (
    GAUGE_MM,
    gauge_cells,
    information,
    localisation,
    standard_errors,
)
from slipfield.kinds.slip.study import Noise

NOISE = Noise(strain_std=5e-4, load_relative_std=0.005)
BOX = np.array([[50.0, 250.0], [10.0, 60.0], [5.0, 30.0]])


@pytest.fixture
def run():
    random = np.random.default_rng(4)
    rates = np.cumsum(random.standard_normal((3, 5, 3, 9, 9)), axis=1).astype(np.float32) * 2e-4
    strain = 0.01 + 1e-3 * random.standard_normal((5, 3, 9, 9)).astype(np.float32)
    load = np.array([50.0, 80.0, 90.0, 95.0, 98.0])
    load_rates = np.outer([0.2, 0.5, 0.1], load)
    time = np.arange(1.0, 6.0)
    parameters = np.array([110.0, 24.0, 12.0])
    return Reference(0, parameters, time, time, strain, load, rates, load_rates, "green_lagrange")


def test_errors_are_the_scatter_of_estimates(run):
    cell = 0.1  # the gauge is two cells: one reading for every four nodes
    random = np.random.default_rng(1)
    fields = run.strain_rates.astype(float).reshape(3, -1)
    loads = run.load_rates / run.load
    fisher = information(run, cell, NOISE)
    found = []
    for _ in range(400):
        noise = 2 * NOISE.strain_std * random.standard_normal(fields.shape[1])
        other = NOISE.load_relative_std * random.standard_normal(loads.shape[1])
        slope = fields @ noise / (2 * NOISE.strain_std) ** 2
        slope += loads @ other / NOISE.load_relative_std**2
        found.append(np.linalg.solve(fisher, slope))
    scatter = np.std(found, axis=0)
    assert scatter == pytest.approx(standard_errors(fisher, BOX), rel=0.1)


def test_a_wider_gauge_tells_less(run):
    strain = Noise(strain_std=5e-4, load_relative_std=1.0)
    coarse, fine = information(run, 0.1, strain), information(run, 0.01, strain)
    assert gauge_cells(0.1) == 2 and gauge_cells(0.01) == GAUGE_MM / 0.01
    wide, narrow = (np.trace(each) for each in (fine, coarse))
    assert wide < narrow / (gauge_cells(0.01) / 2) ** 2 * 1.01


def test_what_is_not_told_is_known_as_well_as_the_box():
    errors = standard_errors(np.diag([1e4, 0.0, 1e4]), BOX)
    assert errors[1] == pytest.approx(0.5 * np.log(6.0)) and errors[0] < 0.011


def test_even_strain_does_not_localise():
    assert localisation(np.full((5, 5), 0.02)) == pytest.approx(1)
    uneven = np.full((10, 10), 0.01)
    uneven[0] = 0.1
    assert localisation(uneven) == pytest.approx(0.1 / 0.019)
