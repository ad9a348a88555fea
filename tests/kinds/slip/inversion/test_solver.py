"""The real solver behind an inversion: started in its own environment, and refined on."""

from functools import partial

import numpy as np
import pytest

from slipfield.kinds.slip.bench.inversion import noisy
from slipfield.kinds.slip.inversion.constants import estimated_constants, with_constants
from slipfield.kinds.slip.inversion.forward import COMMAND, Solver
from slipfield.kinds.slip.inversion.preparation import box_prior
from slipfield.kinds.slip.inversion.refine import Problem, refine
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import Noise, check_study
from slipfield.kinds.slip.study.constants import scaled

pytestmark = pytest.mark.slow

STUDY = check_study(
    {
        "name": "small",
        "specimen": {"cells_x": 10, "cells_y": 10, "grains": 12},
        "loading": {"path": [[0, 0], [40, 0.04]], "outputs": 4},
    },
    "test",
)


def test_refinement_on_the_real_solver_recovers_the_parameters(tmp_path, monkeypatch):
    monkeypatch.delenv(COMMAND)
    truth = np.log([90.0, 33.0, 17.0])
    solver = Solver.prepare(STUDY, make_microstructure(STUDY, 0), tmp_path / "it's work")
    measured = solver.run(np.exp(truth))
    np.testing.assert_allclose(measured.parameters, np.exp(truth))
    measurement = noisy(solver, solver, np.exp(truth), Noise(), 0)
    problem = Problem(measurement, solver.run, 1e-3, box_prior(STUDY))
    result = refine(problem, np.log(STUDY.sampling.centre), 8)
    assert result.converged
    assert len(result.path) <= 7
    np.testing.assert_allclose(np.exp(result.log_parameters), np.exp(truth), rtol=4e-3)
    assert len(solver.seconds) == 1 + len(result.path)


def test_wrong_constants_are_found_with_the_parameters(tmp_path, monkeypatch):
    """A sheet whose h0 is 20 % lower, whose n is 20 and whose elastic constants are 5 % higher."""
    monkeypatch.delenv(COMMAND)
    truth, grains = np.log([90.0, 33.0, 17.0]), make_microstructure(STUDY, 0)
    factors = {"h0": 0.8, "n": 2.0, "elastic": 1.05}
    material = STUDY.material
    for name, factor in factors.items():
        material = scaled(material, name, factor)
    other = STUDY.model_copy(update={"material": material})
    specimen = Solver.prepare(other, grains, tmp_path / "specimen")
    solver = Solver.prepare(STUDY, grains, tmp_path / "model")
    constants = estimated_constants(STUDY.material, priors=["elastic=0.9..1.1"])
    measurement = noisy(specimen, solver, np.exp(truth), Noise(), 0)
    problem = Problem(
        measurement,
        partial(solver.run, constants=[constant.name for constant in constants]),
        1e-3,
        with_constants(box_prior(STUDY), constants),
    )
    start = np.append(np.log(STUDY.sampling.centre), np.zeros(len(constants)))
    result = refine(problem, start, 10)
    expected = np.append(truth, np.log(list(factors.values())))
    assert np.abs(result.log_parameters - expected).max() < 0.05
    assert np.abs(result.log_parameters - expected)[4] < 0.01
