"""The specimen contract: documentation, round trip, checks of whole files."""

import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.specimen_file import (
    VARIABLES,
    problems,
    read_specimen,
    write_specimen,
)
from slipfield.kinds.slip.measure.summary import summary_lines

DOCS = Path(__file__).parents[4] / "docs"


def test_page_lists_exactly_the_variables_of_the_contract():
    page = (DOCS / "specimen.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| (\w+) \| ([^|]*) \| ([^|]*) \|$", page, re.M)
    expected = [
        (name, ", ".join(entry.dims), entry.dtype, entry.units or "-", entry.long_name)
        for name, entry in VARIABLES.items()
    ]
    assert sorted(rows) == sorted(expected)


def test_a_file_comes_back_as_it_was_written(specimen, tmp_path):
    data = read_specimen(specimen)
    write_specimen(data, tmp_path / "copy.nc")
    xr.testing.assert_identical(read_specimen(tmp_path / "copy.nc"), data)


def test_summary_says_what_is_in_a_file(specimen):
    lines = dict(summary_lines(read_specimen(specimen)))
    assert lines["sheet"].startswith("2 mm wide, 2 mm between the edges, outline given")
    assert "4 frames" in lines["strain maps"]
    assert "from column of load.csv" in lines["elongation"]
    assert lines["orientations"] == "Bunge angles of every grain"


def test_summary_names_the_thickness_in_grain_diameters_and_what_it_does(specimen):
    data = read_specimen(specimen)
    grain, dx = data["grain_id"].values, float(np.diff(data["grain_x_mm"].values).mean())
    diameter = 2 * np.sqrt((grain >= 0).sum() * dx**2 / len(np.unique(grain[grain >= 0])) / np.pi)
    for ratio, said in ((0.1, "thin"), (1.0, "stronger")):
        sheet = data.assign_attrs(thickness_mm=ratio * diameter)
        text = dict(summary_lines(sheet))["thickness"]
        assert f"{ratio:.2g} grain diameters (d = {diameter:.2g} mm)" in text
        assert said in text
    assert "unless it is told --membrane" in text
    inverted = dict(summary_lines(sheet, inverted=True))["thickness"]
    assert "--membrane" not in inverted
    assert "said above" in inverted


def test_summary_tells_where_the_map_lies_to_a_micrometre_and_a_tenth_of_a_degree(specimen):
    """An orientation map has pixels of some micrometres."""
    data = read_specimen(specimen)
    for turn, shift, said in (
        (1.0345, (0.034934, -0.056061), "(0.035, -0.056) mm, turned by 1.0 degrees"),
        (-0.003, (-0.0002, 0.0), "(0.000, 0.000) mm, turned by 0.0 degrees"),
    ):
        cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        affine = np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]]])
        moved = data.assign(affine=(("row", "column"), affine))
        assert dict(summary_lines(moved))["map to sheet"] == f"lower left corner at {said}"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: d.drop_vars("x_mm"), "'x_mm' is missing beside"),
        (lambda d: d.assign(foo=1.0), "'foo' is not part of"),
        (lambda d: d.drop_vars("angle"), "'angle' is missing"),
        (lambda d: d.assign_attrs(strain_measure="true"), "strain_measure"),
        (lambda d: d.assign_attrs(thickness_mm=-1.0), "thickness_mm"),
        (lambda d: d.assign_attrs(strain_noise=3.0), "strain_noise"),
        (
            lambda d: d.drop_attrs(deep=False).assign_attrs(strain_measure="hencky"),
            "sheet_width_mm",
        ),
        (lambda d: d.assign(size=2 * d["size"].assign_attrs(units="mm")), "D is not"),
        (lambda d: d.assign(euler=d["euler"].where(d["euler"] < 0)), "euler: not finite"),
        (lambda d: d.assign(time=-d["time"]), "does not follow"),
        (lambda d: d.assign(strain=d["strain"].where(False)), "is masked"),
    ],
)
def test_each_broken_rule_is_named(specimen, change, expected):
    with xr.set_options(keep_attrs=True):
        found = list(problems(change(read_specimen(specimen))))
    assert any(expected in line for line in found), found


def test_a_dataset_of_another_kind_is_told_apart(tmp_path):
    xr.Dataset({"a": ("x", np.arange(3))}).to_netcdf(tmp_path / "other.nc")
    with pytest.raises(SlipfieldError, match="no variables of a specimen file"):
        read_specimen(tmp_path / "other.nc")
