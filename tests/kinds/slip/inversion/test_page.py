"""What the page of an inversion says of its parts, beside what is judged elsewhere."""

import re
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.inversion.preparation import prepare
from slipfield.kinds.slip.inversion.report.figures import figure_estimates
from slipfield.kinds.slip.inversion.report.page import write_overlay, write_report
from tests.shards import tiny_study

pytestmark = pytest.mark.slow


def with_speck(data):
    """A specimen with one grain more, of one pixel."""
    more = xr.concat([data, data.isel(grain=[0])], "grain", data_vars="minimal", join="override")
    grain = data["grain_id"].values.copy()
    grain[17, 23] = data.sizes["grain"]
    return more.assign(grain_id=data["grain_id"].copy(data=grain))


@pytest.mark.parametrize("speck", [False, True])
def test_the_page_says_how_many_grains_of_the_map_the_mesh_holds(inverted, tmp_path, speck):
    _, found = inverted
    data = with_speck(found.data) if speck else found.data
    count, seen = data.sizes["grain"], prepare(found.source, data, found.trained, None)
    assert seen.study.specimen.grains == count - speck
    found = replace(found, data=data, study=seen.study, microstructure=seen.microstructure)
    write_overlay(data, tmp_path)
    write_report(found, tmp_path)
    page = (tmp_path / "report.html").read_text()
    said = f"{count - 1} of the map&#39;s {count} grains" if speck else f"all {count} grains"
    assert f"16 x 16 elements, {said}" in page


def page_of(found, folder):
    """The page of an inversion, as text of its HTML."""
    write_overlay(found.data, folder)
    write_report(found, folder)
    return (folder / "report.html").read_text()


def test_the_page_has_one_correlation_of_k2_and_k3(inverted, tmp_path):
    """Sum and table follow from the covariance that the intervals have, with what a mesh adds."""
    _, found = inverted
    refined = found.refined
    off = np.zeros(len(refined.log_parameters))
    off[:3] = [0.1, 0.2, 0.2]
    coarser = replace(refined, log_parameters=refined.log_parameters - off)
    refined = replace(refined, coarser=coarser)
    deviation = np.sqrt(np.diag(refined.whole_covariance))
    expected = refined.whole_covariance[1, 2] / (deviation[1] * deviation[2])
    data = refined.covariance[1, 2] / np.sqrt(refined.covariance[1, 1] * refined.covariance[2, 2])
    assert f"{expected:.2f}" != f"{data:.2f}"
    page = page_of(replace(found, refined=refined), tmp_path)
    table = page[page.index("Correlation of the estimates") :]
    row = re.search(r"<td[^>]*>k3</td>(.*?)</tr>", table, re.S).group(1)
    assert re.findall(r"-?[0-9]\.[0-9]{2}", row)[1] == f"{expected:.2f}"


def test_the_page_says_of_constants_that_were_estimated_that_they_were(inverted, tmp_path):
    _, found = inverted
    assert {one.name for one in found.assumed if one.estimated} == {"h0", "n"}
    page = page_of(found, tmp_path)
    assert page.count("; estimated, see below") == 2
    assert "unless it is told --membrane" not in page


def test_intervals_of_relative_errors_are_symmetrical_in_the_figure():
    """Those of k1 far wider to the right than to the left, in MPa sqrt(mm)."""
    k, half = np.array([120.0, 25.0, 14.0]), np.array([2.0, 1.05, 1.6])
    answers = [Answer("projection", k, k / half, k * half, 0.0)]
    for axes in figure_estimates(answers, tiny_study()).axes:
        bar, middle = (line.get_xdata() for line in axes.lines[:2])
        left, centre, right = axes.transData.transform(
            [(x, 0) for x in (bar[0], np.ravel(middle)[0], bar[1])]
        )[:, 0]
        assert right - centre == pytest.approx(centre - left)
