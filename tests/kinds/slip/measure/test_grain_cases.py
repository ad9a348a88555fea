"""Orientation maps as users have them, where a reader could go wrong without a word."""

import re

import h5py
import numpy as np
import pytest
import xarray as xr
from orix.io import load

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.doubts import doubts
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.readers import ang, ctf
from slipfield.kinds.slip.measure.specimen_file import provenance
from tests.kinds.slip.measure import case_files as c

EDAX = ((300.0, 40.0, 15.0), (20.0, 70.0, 60.0))
"""A and B of an .ang file in specimen axes: phi1 less 90 degrees."""


def grains(path, text, **options):
    path.write_text(text, encoding=options.pop("encoding", "utf-8"))
    return add_orientation_map(xr.Dataset(), path, GrainOptions(**options))


def assert_two_grains(data, angles, pixels=(128, 128), atol=1e-3):
    """Check two grains, of so many pixels, with these angles, degrees."""
    count = np.bincount(data["grain_id"].values.ravel() + 1, minlength=3)
    assert tuple(count[1:]) == pixels
    np.testing.assert_allclose(np.degrees(data["euler"]), angles, atol=atol)


CTF = {
    "plain": {},
    "decimal commas": {"decimal": ",", "step": 50.5},
    "five digits far from the origin": {"step": 0.715, "start": 995.28},
    "seven digits": {"step": 0.3, "start": 12345.6, "digits": 7},
    "five digits, coarser than the step": {"step": 0.3, "start": 12345.6},
    "pixels that are not indexed left out": {"sparse": True},
    "code page of Windows": {"author": "Müller"},
    "eight columns": {"columns": 8},
    "nine columns": {"columns": 9},
    "ten columns": {"columns": 10},
}


@pytest.mark.parametrize("name", CTF)
def test_channel_text_files(name, tmp_path):
    options = CTF[name]
    encoding = "cp1252" if "author" in options else "utf-8"
    data = grains(tmp_path / "map.ctf", c.ctf_text(**options), encoding=encoding)
    assert_two_grains(data, (c.A, c.B))
    step = options.get("step", 50.0)
    np.testing.assert_allclose(np.diff(data["grain_x_mm"]), 1e-3 * step, rtol=1e-6)
    assert provenance(data)[0]["indexed"] == pytest.approx(1 - c.HOLE.mean())


def test_blanks_in_place_of_tabs(tmp_path):
    assert_two_grains(grains(tmp_path / "m.ctf", c.ctf_text().replace("\t", " ")), (c.A, c.B))


def test_sparse_rows_in_another_order(tmp_path):
    (*head,) = c.ctf_text(sparse=True).splitlines()
    first = next(i for i, line in enumerate(head) if line.startswith("Phase\t")) + 1
    rows = np.random.default_rng(0).permutation(head[first:])
    data = grains(tmp_path / "map.ctf", "\n".join([*head[:first], *rows]) + "\n")
    assert_two_grains(data, (c.A, c.B))


@pytest.mark.parametrize("every", [9, 12, 30])
def test_pixels_of_dropped_grains_do_not_count(every, tmp_path):
    data = grains(tmp_path / "map.ctf", c.ctf_text(specks=every, hole=False))
    np.testing.assert_allclose(np.degrees(data["euler"]), (c.A, c.B), atol=1e-3)


def test_a_truncated_map_is_refused_although_rows_may_be_left_out(tmp_path):
    lines = c.ctf_text().splitlines()
    with pytest.raises(SlipfieldError, match="truncated"):
        grains(tmp_path / "map.ctf", "\n".join(lines[:-40]) + "\n")


def test_points_of_an_interactive_job_are_no_map(tmp_path):
    with pytest.raises(SlipfieldError, match="not a map"):
        grains(tmp_path / "map.ctf", c.ctf_text(mode="Interactive"))


def test_turned_acquisition_surface_is_told_by_check(tmp_path):
    data = grains(tmp_path / "map.ctf", c.ctf_text(acquisition=90.0))
    assert_two_grains(data, (c.A, c.B))
    told = list(doubts(data))
    assert any("AcqE" in text and "--euler-axes" in text for text in told)
    plain = grains(tmp_path / "plain.ctf", c.ctf_text())
    assert not list(doubts(plain))


ANG = {
    "ten columns": {},
    "three columns of elements": {"extra": " 12 8 0"},
    "one column of elements": {"extra": " 12"},
    "no confidence": {"confidence": False},
    "no confidence, more columns": {"confidence": False, "extra": " 1 2 3 4 5 6 7"},
}


@pytest.mark.parametrize("name", ANG)
def test_edax_maps(name, tmp_path):
    data = grains(tmp_path / "MAP.ANG", c.ang_text(**ANG[name]))
    assert_two_grains(data, EDAX, atol=2e-3)
    assert provenance(data)[0]["indexed"] == pytest.approx(1 - c.HOLE.mean())


@pytest.mark.parametrize("from_zero", [False, True])
def test_a_second_phase_is_told_by_check_with_the_names_of_the_header(from_zero, tmp_path):
    second = np.arange(c.CELLS)[:, None] + 0 * c.grain_of() >= 9
    text = c.ang_text(second=second, from_zero=from_zero)
    data = grains(tmp_path / "map.ang", text)
    assert provenance(data)[0]["phase"] == "Copper"
    told = list(doubts(data))
    share = 1 - second.mean() if not from_zero else None
    assert any("Copper" in text and "Austenite" in text for text in told)
    if share is not None:
        indexed = ~c.HOLE
        wanted = round(100 * (second & indexed).sum() / indexed.sum())
        assert any(f"Austenite ({wanted} %)" in text for text in told)


def test_all_pixels_not_indexed_is_said_so(tmp_path):
    text = c.ang_text().replace(" 0.600 ", " -1.000 ")
    with pytest.raises(SlipfieldError, match="no pixel is indexed.*Copper"):
        grains(tmp_path / "map.ang", text)


def test_hexagonal_grid_is_resampled(tmp_path):
    """The boundary between the grains lies in the middle, and the hole is where it was."""
    data = grains(tmp_path / "map.ang", c.ang_text(hexagonal=True))
    step = 0.05 * 0.75**0.25
    np.testing.assert_allclose(np.diff(data["grain_x_mm"]), step)
    np.testing.assert_allclose(np.diff(data["grain_y_mm"]), step)
    left = data["grain_id"].values == 0
    width = left.sum(axis=1) * step
    assert np.all(np.abs(width - 8 * 0.05) < 1.01 * step)
    np.testing.assert_allclose(np.degrees(data["euler"]), EDAX, atol=2e-3)
    assert provenance(data)[0]["indexed"] == pytest.approx(1 - c.HOLE.mean(), abs=0.01)
    area = len(data["grain_x_mm"]) * len(data["grain_y_mm"]) * step**2
    assert area == pytest.approx(c.CELLS**2 * 0.05**2 * 0.75**0.5, rel=0.05)


@pytest.mark.parametrize(("suffix", "reader"), [(".ctf", ctf), (".ang", ang)])
def test_orix_reads_the_same(suffix, reader, tmp_path):
    """Positions, angles and pixels that are not indexed, by another program."""
    path = tmp_path / f"map{suffix}"
    path.write_text(c.ctf_text() if suffix == ".ctf" else c.ang_text())
    other, scan = load(str(path)), reader.read(path)
    np.testing.assert_allclose(1e-3 * other.x.reshape(16, 16)[0], scan.x)
    np.testing.assert_allclose(1e-3 * other.y.reshape(16, 16)[:, 0], scan.y)
    indexed = (other.phase_id >= 0).reshape(16, 16)
    np.testing.assert_array_equal(indexed, scan.indexed)
    euler = other.rotations.to_euler().reshape(16, 16, 3)
    np.testing.assert_allclose(euler[indexed], scan.euler[indexed], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace("XStep\t50", "XStep\t25"), "steps of 25 and 50 um, the pixels lie 50"),
        (lambda t: re.sub(r"(?m)^(\d\t[\d.]+\t)", r"\1-", t), "it may point up"),
    ],
)
def test_places_that_do_not_go_with_the_header_are_doubted(change, words, tmp_path):
    data = grains(tmp_path / "m.ctf", change(c.ctf_text()))
    assert_two_grains(data, (c.A, c.B))
    assert any(words in text for text in doubts(data))


def test_pixels_that_are_not_indexed_need_no_angles(tmp_path):
    text = re.sub(r"(?m)^(0(?:\t[\d.]+){4})(\t[\d.]+){3}", r"\1\tnan\tnan\tnan", c.ctf_text())
    assert "nan" in text
    assert_two_grains(grains(tmp_path / "m.ctf", text), (c.A, c.B))
    lost = text.replace("\t0\t30.000", "\t0\tnan")
    with pytest.raises(SlipfieldError, match="holds no number"):
        grains(tmp_path / "n.ctf", lost)


@pytest.mark.parametrize("laue", ["", "0"])
def test_the_space_group_counts_where_the_laue_group_is_missing(laue, tmp_path):
    text = c.ctf_text().replace("Copper\t11\t", f"Copper\t{laue}\t")
    assert_two_grains(grains(tmp_path / "m.ctf", text), (c.A, c.B))


def write_h5oina(path, cleaned: bool, turned=(0.0, 0.0, 0.0)):
    """Map whose acquired part has lost every other pixel; the cleaned one has them."""
    whole = np.radians(np.where(c.grain_of()[..., None] == 0, c.A, c.B)).reshape(-1, 3)
    lost = np.random.default_rng(0).random(c.CELLS**2) < 0.4
    with h5py.File(path, "w") as file:
        file["Format Version"] = np.array([b"5.0"])
        for name in ("EBSD", "Data Processing")[: 1 + cleaned]:
            part = file.create_group(f"1/{name}")
            head = part.create_group("Header")
            for n in "XY":
                head[f"{n} Cells"] = np.array([c.CELLS], np.int32)
                head[f"{n} Step"] = np.array([50.0], np.float32)
            head["Phases/1/Phase Name"] = np.array([b"Copper"])
            head["Phases/1/Laue Group"] = np.array([11], np.int32)
            head["Specimen Orientation Euler"] = np.array([turned], np.float32)
            there = np.ones_like(lost) if name != "EBSD" else ~lost
            part["Data/Euler"] = np.where(there[:, None], whole, 0).astype(np.float32)
            part["Data/Phase"] = there.astype(np.uint8)
    return path


def test_the_cleaned_map_of_h5oina_goes_before_the_acquired_one(tmp_path):
    path = write_h5oina(tmp_path / "a.h5oina", cleaned=True)
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    assert_two_grains(data, (c.A, c.B))
    assert any("Data Processing" in note for note in provenance(data)[0]["notes"])
    path = write_h5oina(tmp_path / "b.h5oina", cleaned=False, turned=(0.5, 0, 0))
    data = add_orientation_map(xr.Dataset(), path, GrainOptions(fewest_pixels=1))
    assert provenance(data)[0]["indexed"] < 0.7
    assert any("--euler-axes" in text for text in provenance(data)[0]["warnings"])
