"""The thickness factor in refinement: against generalised least squares, and on known answers."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.core.numbers import percent
from slipfield.kinds.slip.inversion.comparison import compare
from slipfield.kinds.slip.inversion.refine import Problem, refine
from slipfield.kinds.slip.inversion.stiffening import (
    ELASTIC_SCATTER,
    LoadFactor,
    verdict,
    with_factor,
    without_factor,
)
from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.thickness.factor import load_exponent
from slipfield.kinds.slip.thickness.prior import SheetFactor, expected, sheet_factor
from tests.kinds.slip.inversion.test_refine import CENTRE, FRAMES, PRIOR, TRUTH, forward, measure

NOISE = 5e-3
MATERIAL = Material()


def factor_of(mean, deviation):
    return SheetFactor(1.1, mean, deviation, MATERIAL, np.array([0.2]), np.ones(1))


def strengthened(ln_m, measurement, factor):
    """Measurement of a sheet whose load is that of M."""
    run = forward(np.exp(TRUTH))
    exponent = load_exponent(factor.along(np.exp(TRUTH)), run.load, run.load_rates)
    return replace(measurement, load=measurement.load * np.exp(ln_m * exponent))


def test_whitened_load_is_generalised_least_squares():
    run, measurement = forward(np.exp(CENTRE)), measure(load_noise=0.01, seed=3)
    along = np.array([2.8, 1.0, 1.0])
    factor = LoadFactor(0.05, 0.03, along, NOISE)
    found = compare(measurement, run, NOISE, factor=factor)
    model, rates = factor.expected(run.load, run.load_rates)
    scale = np.abs(measurement.load)
    r, jacobian = (measurement.load - model) / scale, rates / scale
    exponent = load_exponent(along, run.load, run.load_rates)
    elastic = run.load - along @ run.load_rates / exponent
    parts = np.stack([run.load, ELASTIC_SCATTER * elastic]) * np.exp(0.05 * exponent) / scale
    slopes = exponent * parts
    inverse = np.linalg.inv(NOISE**2 * np.eye(FRAMES) + 0.03**2 * slopes.T @ slopes)
    assert found.load_squares / NOISE**2 == pytest.approx(r @ inverse @ r)
    np.testing.assert_allclose(found.load_normal / NOISE**2, jacobian @ inverse @ jacobian.T)
    np.testing.assert_allclose(found.load_slope / NOISE**2, jacobian @ inverse @ r)


def test_known_factor_is_taken_off_and_a_membrane_is_misled():
    factor = factor_of(0.08, 1e-6)
    thick = strengthened(0.08, measure(0.05), factor)
    right = refine(Problem(thick, forward, 1e-3, PRIOR, factor), CENTRE, 12)
    wrong = refine(Problem(thick, forward, 1e-3, PRIOR), CENTRE, 12)
    off = [np.abs(result.log_parameters - TRUTH)[0] for result in (right, wrong)]
    assert off[0] < 0.02
    assert off[1] > 0.08


@pytest.mark.slow
def test_unknown_factor_widens_the_interval_that_then_holds_the_truth():
    factor = factor_of(0.05, 0.03)
    errors, deviations = [], []
    for seed in range(12):
        ln_m = np.random.default_rng((4, seed)).normal(0.05, 0.03)
        thick = strengthened(ln_m, measure(0.05, NOISE, seed), factor)
        result = refine(Problem(thick, forward, NOISE, PRIOR, factor), TRUTH, 8)
        plain = refine(Problem(thick, forward, NOISE, PRIOR), TRUTH, 8)
        errors.append(result.log_parameters - TRUTH)
        deviations.append(np.sqrt(np.diag(result.covariance)))
        assert (np.diag(result.covariance) > np.diag(plain.covariance)).all()
    ratio = np.abs(np.array(errors)) / np.array(deviations)
    assert (ratio < 1.96).mean() > 0.85


def test_load_of_the_membrane_is_given_back():
    factor = factor_of(0.08, 0.02)
    run = forward(np.exp(CENTRE))
    exponent = load_exponent(factor.along(run.parameters), run.load, run.load_rates)
    thick = replace(measure(), load=run.load * np.exp(0.08 * exponent))
    found = without_factor(thick, run, factor, 0.08)
    np.testing.assert_allclose(found.load, run.load)


def test_a_run_of_a_membrane_is_shown_with_the_load_of_its_sheet():
    factor, run = factor_of(0.06, 0.02), forward(np.exp(TRUTH))
    assert with_factor(run, None, 0.1) is run
    for known, ln_m in ((None, 0.06), (0.08, 0.08)):
        sheet = with_factor(run, factor, known)
        thick = strengthened(ln_m, replace(measure(), load=run.load), factor)
        np.testing.assert_allclose(sheet.load, thick.load, rtol=1e-12)


def test_prior_grows_with_the_thickness_and_vanishes_for_a_foil():
    means, scatter = np.array([expected(r) for r in (0.0, 0.05, 0.2, 0.65, 1.1, 2.2, 9.0)]).T
    assert (means[0], scatter[0]) == (0, 0)
    assert (np.diff(means) >= 0).all()
    assert (np.diff(scatter) >= 0).all()
    one = sheet_factor(MATERIAL, 0.3, np.full(60, 4 / 60), np.full(60, 0.25))
    assert one.ratio == pytest.approx(0.3 / (2 * np.sqrt(4 / 60 / np.pi)))
    assert one.diameter_mm == pytest.approx(0.3 / one.ratio)
    # one large grain hides half of its face from what small ones say of d
    uneven = sheet_factor(MATERIAL, 0.3, np.r_[2.0, np.full(59, 2 / 59)], np.full(60, 0.25))
    assert uneven.ratio == pytest.approx(one.ratio)
    assert uneven.mean < one.mean


def test_a_thick_sheet_tells_k2_from_k3_less_but_their_sum_as_well():
    sizes, areas = np.array([0.1, 0.2, 0.4]), np.array([1.0, 2.0, 3.0])
    k = np.array([100.0, 20.0, 10.0])
    thin, thick = (sheet_factor(MATERIAL, t, areas, sizes) for t in (0.1, 1.0))
    assert 0 < thin.shared < thick.shared
    assert thin.shared_beyond < thick.shared_beyond
    small = thick.exchanged(k, 1e-6)
    root = np.average(sizes**-0.5, weights=areas)
    assert small[0] == 0
    assert k[1] * small[1] == pytest.approx(-root * k[2] * small[2], rel=1e-4)
    assert k[1] * small[1] == pytest.approx(1e-6 * (k[1] + root * k[2]), rel=1e-4)


def test_what_is_said_of_a_thickness_that_was_never_run_or_that_the_model_knows():
    k, thick = np.exp(CENTRE), factor_of(expected(8.0)[0], 0.04)
    (never,) = verdict(thick, False, k)
    assert "carried on to a law without transverse shear from 4.4 diameters" in never
    assert "carried on" not in verdict(factor_of(expected(4.4)[0], 0.04), False, k)[0]
    for within in ((np.nan, np.nan), (0.9, 1.0)):  # an older card does not say; 1.1 lies beside it
        (known,) = verdict(thick, False, k, known=within)
        assert "was not corrected" in known and "off k1" not in known
    foil = replace(thick, ratio=0.1)
    for sheet, within in ((thick, (0.2, 0.6)), (foil, (0.9, 1.0))):
        (beside,) = verdict(sheet, False, k, known=within)
        assert f"adapted to sheets of {within[0]:g} to" in beside


def test_verdict_names_the_thickness_and_the_way_it_goes():
    k = np.exp(CENTRE)
    thick, foil = factor_of(0.06, 0.02), replace(factor_of(0.001, 0.001), ratio=0.1)
    assert verdict(None, False, k) == verdict(foil, True, k) == []
    (corrected,), (warned,) = verdict(thick, False, k), verdict(thick, True, k)
    assert f"1.1 grain diameters (d = {thick.diameter_mm:.2g} mm) thick" in corrected
    assert "corrected" in corrected
    assert "if it is none" in warned and "too high" in warned
    excess = thick.k1_excess(k)
    assert f"takes about {percent(excess / (1 + excess))} off k1" in corrected
    assert f"about {percent(excess)} too high" in warned
