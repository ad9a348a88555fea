"""Constants of the slip law in an inversion: what is asked for, and what runs at other values."""

import numpy as np
import pytest

from slipfield.core.errors import NoEquilibrium, SlipfieldError
from slipfield.kinds.slip.inversion.constants import (
    as_assumed,
    estimated_constants,
    with_constants,
)
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.refine import Prior
from slipfield.kinds.slip.study import Material
from tests.shards import fields, make_microstructure, tiny_study

COPPER = Material()
K = np.array([110.0, 25.0, 12.0])


def test_h0_and_n_have_a_stated_prior_by_default():
    h0, n = estimated_constants(COPPER)
    assert (h0.name, h0.assumed, h0.mean, h0.origin) == ("h0", 100, 0, "default")
    assert h0.text == "80 to 125"
    assert n.text == "5 to 20"
    assert [c.name for c in estimated_constants(Material(h0_MPa=0))] == ["n"]


def test_priors_are_95_percent_intervals_in_the_order_of_the_table():
    given = ["elastic=0.9..1.1", "n=10..40"]
    h0, n, q, elastic = estimated_constants(COPPER, ["q"], given)
    assert [c.name for c in (h0, n, q, elastic)] == ["h0", "n", "q", "elastic"]
    assert n.mean == pytest.approx(np.log(2))
    assert n.deviation == pytest.approx(np.log(2) / 1.96)
    assert n.text == "10 to 40"
    assert q.text == "free"
    assert elastic.assumed == 1
    assert elastic.text == "0.9 to 1.1"
    (exact,) = (c for c in estimated_constants(COPPER, [], ["n=20..20"]) if c.name == "n")
    assert np.exp(exact.mean) == pytest.approx(2)
    assert exact.text == "20"


@pytest.mark.parametrize(
    ("free", "priors", "message"),
    [
        (["g_sat"], [], "free: given 'g_sat'; expected one of h0, n, q, g0, elastic"),
        ([], ["m=1..2"], "prior: given 'm'; expected one of"),
        ([], ["n=20..10"], "prior: given 'n=20..10'; expected NAME=LOW..HIGH"),
        ([], ["n=20"], "expected NAME=LOW..HIGH"),
        ([], ["n=0..10"], "0 < LOW"),
        ([], ["n=nan..10"], "0 < LOW"),
        (["n"], ["n=10..20"], "given for n, which is free"),
        ([], ["n=10..20", "n=5..6"], "expected one for each constant"),
    ],
)
def test_what_is_no_constant_or_range_is_refused(free, priors, message):
    with pytest.raises(SlipfieldError, match=message):
        estimated_constants(COPPER, free, priors)


def test_only_what_nobody_asked_for_is_held_for_the_scale_of_the_load():
    constants = estimated_constants(COPPER, ["n"])
    prior = with_constants(Prior(np.log(K), np.ones(3)), constants)
    held = as_assumed(prior, constants)
    assert held.deviation[3] < 1e-3
    assert held.deviation[4] == prior.deviation[4]
    np.testing.assert_array_equal(held.deviation[:3], 1)


@pytest.fixture
def solver(tmp_path):
    study = tiny_study()
    return Solver.prepare(study, make_microstructure(study, 0), tmp_path)


@pytest.mark.slow
def test_a_run_is_kept_with_all_its_derivatives(solver):
    first = solver.run(K, ["n", "h0"])
    assert first.strain_rates.shape[0] == 5
    np.testing.assert_array_equal(first.parameters, [*K, 1, 1])
    again = solver.run(K, ["h0"])
    assert len(solver.seconds) == 1
    np.testing.assert_array_equal(again.load_rates[3], first.load_rates[4])
    assert solver.run(K).load_rates.shape[0] == 3
    solver.run(K, ["elastic", "h0"])
    assert solver.run(K, ["n", "elastic"]).load_rates.shape[0] == 5
    assert len(solver.seconds) == 2


@pytest.mark.slow
def test_factors_change_the_material_of_a_run(solver):
    stiffer = solver.run(np.append(K, 1.3), ["h0"])
    study = solver.study
    material = study.material.model_copy(update={"h0_MPa": 1.3 * study.material.h0_MPa})
    grains = make_microstructure(study, 0)
    expected = fields(study.model_copy(update={"material": material}), grains, K)
    np.testing.assert_allclose(stiffer.load, expected[1])
    assert stiffer.parameters[3] == 1.3
    with pytest.raises(NoEquilibrium, match=r"q: 3 times its value"):
        solver.run(np.append(K, 3.0), ["q"])
