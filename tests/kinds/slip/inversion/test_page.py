"""What the page of an inversion says of its parts, beside what is judged elsewhere."""

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
