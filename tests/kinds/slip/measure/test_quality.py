"""What tells good points and pixels from bad ones, and units that contradict each other."""

import json

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.readers import load_table
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.kinds.slip.measure import case_files as case

BLOCK = np.zeros((case.CELLS, case.CELLS), dtype=bool)
BLOCK[9:13, 2:6] = True
"""Pixels of a wrong solution inside the grain A, as many as a small grain has."""


def imported(path, text):
    """Mean orientations, degrees, and provenance of a map."""
    path.write_text(text, encoding="utf-8")
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    return np.degrees(data["euler"].values), json.loads(data.attrs["provenance"])[-1]


def ctf(**entries):
    """Channel text with entries by column for the pixels of the block, in place of those of A."""
    lines = case.ctf_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Phase\t"))
    names = lines[start].split("\t")
    for row, column in zip(*np.nonzero(BLOCK), strict=True):
        at = start + 1 + row * case.CELLS + column
        values = lines[at].split("\t")
        for name, value in entries.items():
            values[names.index(name)] = value
        lines[at] = "\t".join(values)
    return "\n".join(lines) + "\n"


WRONG = {"Euler1": "200", "Euler2": "10", "Euler3": "300"}


@pytest.mark.parametrize(
    "entries",
    [
        {**WRONG, "MAD": "3.5"},
        {**WRONG, "Error": "4"},
        {"Euler1": "0", "Euler2": "0", "Euler3": "0", "Error": "3", "MAD": "0"},
    ],
)
def test_solutions_that_failed_are_no_grain(entries, tmp_path):
    euler, _ = imported(tmp_path / "map.ctf", ctf(**entries))
    np.testing.assert_allclose(euler, [case.A, case.B], atol=0.01)


def test_a_good_solution_of_another_orientation_is_a_grain(tmp_path):
    euler, found = imported(tmp_path / "map.ctf", ctf(**WRONG, MAD="0.9"))
    assert len(euler) == 3
    assert found["notes"] == []


def ang(confidence, everywhere=False):
    """EDAX map with a wrong solution and that confidence in the block."""
    lines = case.ang_text().splitlines()
    start = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    for place, wrong in enumerate(BLOCK.ravel()):
        values = lines[start + place].split()
        if wrong and not everywhere:
            values[:3] = ["3.0", "1.0", "0.4"]
        if (wrong or everywhere) and float(values[6]) >= 0:
            values[6] = confidence
        lines[start + place] = " ".join(values)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("confidence", ["0.000", "0.020", "0.099"])
def test_a_low_confidence_is_not_indexed_and_is_said(confidence, tmp_path):
    euler, found = imported(tmp_path / "map.ang", ang(confidence))
    assert len(euler) == 2
    assert f"{BLOCK.sum()} pixels have a confidence index below 0.1" in found["notes"][0]


def test_a_confidence_of_0_everywhere_is_that_of_another_program(tmp_path):
    euler, found = imported(tmp_path / "map.ang", ang("0.000", everywhere=True))
    assert len(euler) == 2
    assert found["indexed"] == pytest.approx(1 - case.HOLE.mean())


def test_radians_in_a_file_of_degrees_are_warned_of(tmp_path):
    small = [str(a) for a in np.radians(case.A).round(4)]
    lines = case.ctf_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Phase\t")) + 1
    rows = [line.split("\t") for line in lines[start:]]
    for row in rows:
        row[5:8] = small if row[0] == "1" else row[5:8]
    text = "\n".join([*lines[:start], *("\t".join(row) for row in rows)]) + "\n"
    _, found = imported(tmp_path / "map.ctf", text)
    assert "radians" in found["warnings"][0]


LOST = np.arange(case.NX**2) % 10 == 0


@pytest.mark.parametrize(
    ("header", "name", "bad", "good"),
    [
        ('"x","y","u","v","exx","eyy","exy"', "ZNCC", 0.3, 0.97),
        ('"x","y","u","v","exx","eyy","exy"', "zncc", 30.0, 97.0),
        ("x_pic [px],y_pic [px],u [px],v [px],exx,eyy,exy", "corr", 0.0, 0.99),
    ],
)
def test_matches_that_are_none_are_masked(header, name, bad, good, tmp_path):
    files = []
    for frame in (1, 2):
        path = tmp_path / f"image_{frame}.csv"
        quality = np.where(LOST, bad, good)
        files.append(case.write_points(path, frame, f"{header},{name}", extra=(quality,)))
        lines = path.read_text().splitlines()
        for i in np.flatnonzero(LOST):
            values = lines[1 + i].split(",")
            values[4] = "0.3"
            lines[1 + i] = ",".join(values)
        path.write_text("\n".join(lines) + "\n")
    options = StrainOptions(scale=case.SCALE, interval=1.0, measure="green_lagrange")
    strain = import_strain(files, options)["strain"].values
    assert np.isnan(strain[0, 0]).sum() == LOST.sum()
    np.testing.assert_allclose(np.nanmean(strain[1], axis=(1, 2)), case.specimen_strain(2), 1e-4)


def test_a_line_of_units_may_hold_the_1_of_strains(tmp_path):
    header = "x;y;u;v;exx;eyy;exy\npx;px;px;px;1;1;1"
    path = case.write_points(tmp_path / "image_1.csv", 1, header, delimiter=";")
    data = import_strain([path], StrainOptions(scale=case.SCALE, interval=1.0))
    found = data["strain"].values[0].mean(axis=(1, 2))
    np.testing.assert_allclose(found, case.specimen_strain(1), 1e-4)


def test_two_units_of_a_column_that_contradict_each_other_are_refused(tmp_path):
    path = tmp_path / "load.csv"
    path.write_text("Time,Load (kN)\n(s),(N)\n0,0\n1,100\n2,200\n")
    with pytest.raises(SlipfieldError, match="kN in its name and .N. in the line of units"):
        load_table.read(path, None)
    path.write_text("Time,Load (kN)\n(s),(kN)\n0,0\n1,0.1\n2,0.2\n")
    assert load_table.read(path, None).load[-1] == pytest.approx(200)


@pytest.mark.parametrize("times", [("31.12.2024 10:00", "31.12.2024 10:01"), ("1 h 00", "1 h 01")])
def test_times_that_are_not_read_are_named(times, tmp_path):
    path = tmp_path / "load.csv"
    path.write_text("Time;Load (N)\n" + "".join(f"{time};1\n" for time in times))
    with pytest.raises(SlipfieldError, match="times are no numbers.* export seconds"):
        load_table.read(path, None)
