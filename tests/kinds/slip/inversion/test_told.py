"""What the data determine: against a search, and in the sentences of an inversion."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.report.page import write_overlay, write_report
from slipfield.kinds.slip.inversion.told import TOGETHER, of_correlation
from slipfield.kinds.slip.inversion.verdict import Verdict

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
    assert found.only_sum
    assert "but not k2 and k3 apart" in found.text


def test_parameters_that_are_well_known_are_told_apart():
    found = of_correlation(PARAMETERS, np.eye(3), np.full(3, 0.01), SIZES)
    assert found.apart and not found.only_sum
    assert "k1 to 2 %, k2 to 2 %, k3 to 2 %" in found.text


@pytest.mark.parametrize(("sizes", "said"), [((0.2, 0.5), True), ((0.3, 0.9), False)])
def test_a_strength_is_told_of_grains_that_the_sheet_has_and_for_the_given_thickness(sizes, said):
    found = of_correlation(PARAMETERS, np.eye(3), np.full(3, 0.01), np.array(sizes))
    assert found.factor == pytest.approx(2)
    assert ("the strength of grains of D = 0.25 mm" in found.text) is said
    assert "as far as thickness, load cell and pixel size are right" in found.text


@pytest.mark.slow
def test_an_inversion_says_what_it_tells(inverted):
    folder, result = inverted
    content = json.loads((folder / "inversion.json").read_text())["told"]
    assert content["text"] == result.told.text
    assert content["combination"] in (folder / "report.html").read_text()
    correlation = np.array(content["correlation_ln_k"])
    assert np.diag(correlation) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("known", [False, True])
def test_the_page_speaks_of_k2_and_k3_with_one_voice(inverted, known, tmp_path):
    """Where the sum alone is told, both numbers say so and the sum stands beside them."""
    _, result = inverted
    correlation = np.array([[1, 0.1, 0], [0.1, 1, -0.95], [0, -0.95, 1]])
    deviation = np.full(3, 0.004 if known else 0.1)
    told = of_correlation(result.answer.parameters, correlation, deviation, SIZES)
    found = replace(result, told=told, verdict=Verdict("good", "All is well."))
    write_overlay(found.data, tmp_path)
    write_report(found, tmp_path)
    page = (tmp_path / "report.html").read_text()
    cards = re.findall(r'<div class="card"><b>(.*?)</b><span>(.*?)</span>', page)
    assert [TOGETHER in label for _, label in cards[:3]] == [False, not known, not known]
    assert len(cards) == (3 if known else 4)
    if not known:
        assert cards[3] == (
            f"{told.value:.4g} <small>MPa</small>",
            f"{told.combination}, {told.sum_within}, "
            "as far as thickness, load cell and pixel size are right",
        )
    assert "the inversion says" not in page
    assert page.count(told.text) == 1


@pytest.mark.slow
def test_the_whole_covariance_is_that_of_the_intervals(inverted):
    _, result = inverted
    refined = result.refined
    assert np.diag(refined.whole_covariance) == pytest.approx(refined.deviation**2)
    moved = replace(refined, coarser=replace(refined, log_parameters=refined.log_parameters - 0.1))
    assert np.diag(moved.whole_covariance) == pytest.approx(moved.deviation**2)
    assert (moved.whole_covariance > refined.whole_covariance).all()
