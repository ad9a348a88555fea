"""What the data determine: against a search, and in the sentences of an inversion."""

import json
from dataclasses import replace

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.told import of_correlation

PARAMETERS = np.array([60.0, 12.0, 6.0])
SIZES = np.array([0.3, 0.5, 0.9])


def test_the_best_sum_has_the_least_relative_variance():
    deviation = np.array([0.01, 0.06, 0.05])
    correlation = np.array([[1, 0.1, 0], [0.1, 1, -0.95], [0, -0.95, 1]])
    found = of_correlation(PARAMETERS, correlation, deviation, SIZES)
    scale = PARAMETERS * deviation
    covariance = (correlation * np.outer(scale, scale))[1:, 1:]

    def relative(factor):
        weights = np.array([1.0, factor])
        return np.sqrt(weights @ covariance @ weights) / (weights @ PARAMETERS[1:])

    tried = np.linspace(0.1, 10, 2000)
    best = tried[np.argmin([relative(factor) for factor in tried])]
    assert found.factor == pytest.approx(best, abs=0.01)
    assert found.sum_half_width == pytest.approx(1.96 * relative(best), rel=1e-4)
    assert found.value == pytest.approx(12 + 6 * found.factor)
    assert not found.apart
    assert "but not k2 and k3 apart" in found.text


def test_parameters_that_are_well_known_are_told_apart():
    found = of_correlation(PARAMETERS, np.eye(3), np.full(3, 0.01), SIZES)
    assert found.apart
    assert "k1 to 2 %, k2 to 2 %, k3 to 2 %" in found.text


@pytest.mark.parametrize(("sizes", "said"), [((0.2, 0.5), True), ((0.3, 0.9), False)])
def test_a_strength_is_told_of_grains_that_the_sheet_has_and_for_the_given_thickness(sizes, said):
    found = of_correlation(PARAMETERS, np.eye(3), np.full(3, 0.01), np.array(sizes))
    assert found.factor == pytest.approx(2)
    assert ("the strength of grains of D = 0.25 mm" in found.text) is said
    assert "as far as thickness and load cell are right" in found.text


@pytest.mark.slow
def test_an_inversion_says_what_it_tells(inverted):
    folder, result = inverted
    content = json.loads((folder / "inversion.json").read_text())["told"]
    assert content["text"] == result.told.text
    assert content["combination"] in (folder / "report.html").read_text()
    correlation = np.array(content["correlation_ln_k"])
    assert np.diag(correlation) == pytest.approx(1)


@pytest.mark.slow
def test_the_whole_covariance_is_that_of_the_intervals(inverted):
    _, result = inverted
    refined = result.refined
    assert np.diag(refined.whole_covariance) == pytest.approx(refined.deviation**2)
    moved = replace(refined, coarser=replace(refined, log_parameters=refined.log_parameters - 0.1))
    assert np.diag(moved.whole_covariance) == pytest.approx(moved.deviation**2)
    assert (moved.whole_covariance > refined.whole_covariance).all()
