"""Every reader on files of its format: one tension test comes back from all of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.axes import Axes
from slipfield.kinds.slip.measure.readers import dice, load_table
from slipfield.kinds.slip.measure.readers.frames import Points
from slipfield.kinds.slip.measure.readers.scattered import SAME_PLACE, resampled
from slipfield.kinds.slip.measure.readers.strain_formats import recognised
from slipfield.kinds.slip.measure.specimen_file import problems, provenance
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from slipfield.kinds.slip.measure.strain_measures import convert
from tests.kinds.slip.measure import measurement as m
from tests.kinds.slip.measure import other_programs as p

TEST = m.Test()


def matchid_2023(test, folder):
    return m.write_matchid(test, folder, m.MATCHID_2023, ";")


def gom_with_commas(test, folder):
    return m.write_gom(test, folder, ",")


def vic_73(test, folder):
    return [m.saved_as_73(path) for path in m.write_vic2d_mat(test, folder)]


def pyaldic_73(test, folder):
    return [m.saved_as_73(path) for path in p.write_pyaldic_mat(test, folder)]


FORMATS = {
    "vic2d": (m.write_vic2d, {"scale": m.SCALE}),
    "vic2d calibrated": (m.write_vic2d_calibrated, {}),
    "vic2d-mat": (m.write_vic2d_mat, {"scale": m.SCALE}),
    "vic2d-mat 7.3": (vic_73, {"scale": m.SCALE}),
    "pyaldic matlab 7.3": (pyaldic_73, {"scale": m.SCALE}),
    "matchid": (m.write_matchid, {"scale": m.SCALE, "measure": "green_lagrange"}),
    "matchid 2023": (matchid_2023, {"scale": m.SCALE, "measure": "green_lagrange"}),
    "dice": (m.write_dice, {"scale": m.SCALE}),
    "gom": (m.write_gom, {"measure": "green_lagrange"}),
    "gom with commas": (gom_with_commas, {"measure": "green_lagrange"}),
    "ncorr": (m.write_ncorr, {}),
    "ncorr 7.3": (m.write_ncorr_73, {}),
    "opencorr": (p.write_opencorr, {"scale": m.SCALE, "measure": "green_lagrange"}),
    "pyaldic": (p.write_pyaldic, {"scale": m.SCALE, "measure": "green_lagrange"}),
    "pyaldic matlab": (p.write_pyaldic_mat, {"scale": m.SCALE}),
    "nodemap": (p.write_nodemap, {"measure": "green_lagrange"}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_reader_gives_back_strain_displacement_and_lost_points(name, tmp_path):
    write, options = FORMATS[name]
    files = write(TEST, tmp_path)
    assert recognised(files[0]).NAME == name.split()[0]
    data = import_strain(files, StrainOptions(interval=m.INTERVAL, thickness=0.5, **options))
    np.testing.assert_allclose(data["x_mm"], TEST.x, atol=1e-6)
    np.testing.assert_allclose(data["y_mm"], TEST.y, atol=1e-6)
    np.testing.assert_allclose(data["strain"], TEST.measured, atol=1e-7)
    np.testing.assert_allclose(data["v"], np.where(TEST.mask, np.nan, TEST.v), atol=1e-6)
    np.testing.assert_allclose(data["u"], np.where(TEST.mask, np.nan, TEST.u), atol=1e-6)
    np.testing.assert_allclose(data["time"], m.INTERVAL * np.arange(1, 5))
    np.testing.assert_allclose(
        data["displacement"], np.array(TEST.elongation) * TEST.y[-1], atol=1e-6
    )
    assert data.attrs["strain_measure"] == "green_lagrange"
    assert (data.attrs["sheet_width_mm"], data.attrs["sheet_height_mm"]) == pytest.approx((1, 1.5))
    assert list(problems(data)) == []
    (entry,) = provenance(data)
    assert [file["name"] for file in entry["files"]] == [path.name for path in files]


def test_a_matlab_file_of_zeros_is_one_line(tmp_path):
    (tmp_path / "a.mat").write_bytes(bytes(600))
    with pytest.raises(SlipfieldError, match="a.mat: not a readable file"):
        recognised(tmp_path / "a.mat")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [10.5, 20.5, 30.5, 40.5]),
        ({"start": 2.0}, [2, 12, 22, 32]),
        ({"interval": 1.0}, [1, 2, 3, 4]),
    ],
)
def test_times_in_the_files_count_unless_others_are_given(options, expected, tmp_path):
    files = m.write_gom(TEST, tmp_path)
    data = import_strain(files[::-1], StrainOptions(measure="engineering", **options))
    np.testing.assert_allclose(data["time"], expected)
    np.testing.assert_allclose(data["strain"], TEST.measured, atol=1e-7)


def test_gom_units_are_those_of_the_file(tmp_path):
    files = m.write_gom(TEST, tmp_path)
    for path in files:
        text = path.read_text(encoding="utf-8").replace("length:mm", "length:cm")
        path.write_text(text.replace("time:s", "time:ms"), encoding="utf-8")
    data = import_strain(files, StrainOptions(measure="green_lagrange"))
    np.testing.assert_allclose(data["x_mm"], 10 * TEST.x, atol=1e-6)
    np.testing.assert_allclose(data["v"], 10 * np.where(TEST.mask, np.nan, TEST.v), atol=1e-6)
    np.testing.assert_allclose(data["time"], [0.0105, 0.0205, 0.0305, 0.0405])


def test_gom_strains_may_be_in_percent(tmp_path):
    test = replace(TEST, elongation=(1.0, 2.0, 3.0, 4.0))
    test.strain = 100 * TEST.strain
    test.u, test.v = TEST.u, TEST.v
    files = m.write_gom(test, tmp_path)
    for path in files:
        text = path.read_text(encoding="utf-8").replace("time:s", "time:s strain:%")
        path.write_text(text, encoding="utf-8")
    data = import_strain(files, StrainOptions(measure="green_lagrange"))
    np.testing.assert_allclose(data["strain"], TEST.measured, atol=1e-7)


def test_points_off_any_grid_are_interpolated_and_gaps_stay():
    """A linear field comes back exactly from turned, scattered points with a hole."""
    random = np.random.default_rng(5)
    x, y = np.meshgrid(np.arange(30.0), np.arange(40.0))
    turned = np.stack([x + 0.1 * y, y - 0.1 * x], axis=-1) + random.uniform(-0.1, 0.1, (40, 30, 2))
    hole = np.hypot(x - 15, y - 20) < 5
    places = turned[~hole]
    coefficients = {
        "exx": (1, 2, 3),
        "eyy": (0, 1, -1),
        "exy": (2, 0, 0.5),
        "u": (0, 0, 1),
        "v": (1, 1, 0),
    }
    values = {n: a + places @ [b, c] for n, (a, b, c) in coefficients.items()}
    grid = resampled([Points(Path("turned"), *places.T, values)])
    step = np.diff(grid.x)
    np.testing.assert_allclose(step, step[0])
    assert step[0] == pytest.approx(1, rel=0.05)
    nodes = np.stack(np.meshgrid(grid.x, grid.y), axis=-1)
    found = [*grid.strain[0], grid.u[0], grid.v[0]]
    known = np.isfinite(found[0])
    for array, (a, b, c) in zip(found, coefficients.values(), strict=True):
        error = np.abs(array[known] - a - nodes[known] @ [b, c])
        assert np.mean(error < 1e-9) > 0.95
        assert error.max() < SAME_PLACE * step[0] * np.hypot(b, c)
    centre = nodes - turned[20, 15]
    assert not known[np.hypot(*np.moveaxis(centre, -1, 0)) < 4].any()
    assert known.sum() == pytest.approx(len(places), rel=0.1)


def test_load_along_the_file_x_axis_is_turned_upright(tmp_path):
    """The same test, filmed with the camera turned by 90 degrees clockwise."""
    x, y, u, v, exx, eyy, exy = TEST.picture()
    turned = m.Test()
    turned.picture = lambda: (y.max() - y + 11, x + 5, -v, u, eyy, exx, -exy)
    files = m.write_vic2d(turned, tmp_path)
    options = StrainOptions(scale=m.SCALE, interval=1.0, load_axis="x")
    data = import_strain(files, options)
    np.testing.assert_allclose(data["strain"], TEST.measured, atol=1e-7)
    np.testing.assert_allclose(data["v"], np.where(TEST.mask, np.nan, TEST.v), atol=1e-6)


def test_units_shear_origin_and_sheet_are_options(tmp_path):
    changed = m.Test()
    changed.strain = 100 * TEST.strain * np.array([1, 1, 2])[:, None, None]
    files = m.write_vic2d(changed, tmp_path)
    options = StrainOptions(
        scale=m.SCALE,
        interval=1.0,
        start=3.0,
        strain_unit="percent",
        engineering_shear=True,
        origin=(0.1, 0.2),
        sheet=(1.2, 1.9),
    )
    data = import_strain(files, options)
    np.testing.assert_allclose(data["strain"], TEST.measured, atol=1e-7)
    np.testing.assert_allclose(data["x_mm"], TEST.x + 0.1, atol=1e-6)
    np.testing.assert_allclose(data["time"], 3 + np.arange(4))
    expected = np.array(TEST.elongation) * 1.9
    np.testing.assert_allclose(data["displacement"], expected, rtol=1e-4)


def test_elongation_without_displacements_comes_from_the_strain(tmp_path):
    files = m.write_vic2d(TEST, tmp_path)
    for path in files:
        path.write_text(path.read_text().replace('"u"', '"p"').replace('"v"', '"q"'))
    data = import_strain(files, StrainOptions(scale=m.SCALE, interval=1.0))
    assert "u" not in data
    np.testing.assert_allclose(data["displacement"], np.array(TEST.elongation) * 1.5, rtol=2e-3)


@pytest.mark.parametrize("measure", ["green_lagrange", "hencky"])
def test_measures_convert_exactly(measure):
    """Against the definitions, F'F = C of a gradient with rotation."""
    right = TEST.gradient + np.eye(2)
    stretch = np.einsum("...ki,...kj->...ij", right, right)
    values, vectors = np.linalg.eigh(stretch)
    principal = {"green_lagrange": 0.5 * (values - 1), "hencky": 0.5 * np.log(values)}[measure]
    tensor = np.einsum("...ik,...k,...jk->...ij", vectors, principal, vectors)
    expected = np.stack([tensor[..., 0, 0], tensor[..., 1, 1], tensor[..., 0, 1]], axis=1)
    found = convert(TEST.strain, "green_lagrange", measure, axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-13)
    back = convert(found, measure, "green_lagrange", axis=1)
    np.testing.assert_allclose(back, TEST.strain, atol=1e-13)


@pytest.mark.parametrize("measure", ["engineering", "almansi"])
def test_measures_that_hold_rotation_are_off_by_second_order(measure):
    h = TEST.gradient
    inverse = np.linalg.inv(h + np.eye(2))
    tensors = {
        "engineering": 0.5 * (h + np.swapaxes(h, -1, -2)),
        "almansi": 0.5 * (np.eye(2) - np.einsum("...ki,...kj->...ij", inverse, inverse)),
    }
    t = tensors[measure]
    given = np.stack([t[..., 0, 0], t[..., 1, 1], t[..., 0, 1]], axis=1)
    rotation = 0.5 * np.abs(h[..., 0, 1] - h[..., 1, 0]).max()
    error = np.abs(convert(given, measure, "green_lagrange", axis=1) - TEST.strain).max()
    assert 0 < error < 2 * rotation * np.abs(TEST.strain).max() + rotation**2


def test_axes_turn_grids_vectors_and_tensors_together():
    """A linear field sampled in file axes and in specimen axes is the same field."""
    random = np.random.default_rng(3)
    for y_axis in ("up", "down"):
        for load_axis in ("x", "y"):
            axes = Axes(y_axis, load_axis)
            gradient, x, y = random.standard_normal((2, 2)), np.arange(5.0), np.arange(4.0)
            points = np.stack(np.meshgrid(x, y), axis=-1)
            u, v = np.moveaxis(points @ gradient.T, -1, 0)
            new_x, new_y = axes.grid(x, y)
            new_points = np.stack(np.meshgrid(new_x, new_y), axis=-1)
            turned = axes.matrix @ gradient @ axes.matrix.T
            found = [axes.array(each) for each in axes.vectors(u, v)]
            np.testing.assert_allclose(np.stack(found, -1), new_points @ turned.T)
            e, t = 0.5 * (gradient + gradient.T), 0.5 * (turned + turned.T)
            components = axes.tensors(np.array([e[0, 0], e[1, 1], e[0, 1]]), axis=0)
            np.testing.assert_allclose(components, [t[0, 0], t[1, 1], t[0, 1]])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_text_in_the_encodings_of_measuring_computers(encoding, tmp_path):
    files = m.write_vic2d(TEST, tmp_path)
    expected = import_strain(files, StrainOptions(scale=m.SCALE, interval=1.0))
    for path in files:
        text = path.read_text().replace('"gamma"', '"gamma [°]"')
        path.write_text(text, encoding=encoding)
    found = import_strain(files, StrainOptions(scale=m.SCALE, interval=1.0))
    np.testing.assert_array_equal(found["strain"], expected["strain"])


@pytest.mark.parametrize(("unit", "factor"), [("%", 100), ("mm/m", 1e3), ("µm/m", 1e6)])
def test_units_in_the_header_of_strains_count(unit, factor, tmp_path):
    test = m.Test()
    test.strain = factor * TEST.strain
    files = m.write_vic2d_calibrated(test, tmp_path)
    for path in files:
        path.write_text(path.read_text().replace("[1]", f"[{unit}]"), encoding="utf-8")
    data = import_strain(files, StrainOptions(interval=1.0))
    np.testing.assert_allclose(data["strain"], TEST.measured, atol=1e-7)


def test_columns_of_a_load_curve_in_other_units(tmp_path):
    path = tmp_path / "load.csv"
    path.write_text("time_min;load_kN;displacement_um\n0,0;0,0;0\n0,5;0,4;60\n")
    curve = load_table.read(path, None)
    np.testing.assert_allclose(curve.time, [0, 30])
    np.testing.assert_allclose(curve.load, [0, 400])
    np.testing.assert_allclose(curve.displacement, [0, 0.06])


def test_displacements_in_pixels_need_the_scale_where_positions_do_not(tmp_path, monkeypatch):
    files, read = m.write_dice(TEST, tmp_path), dice.read

    def in_mm(names, gaps):
        found = read(names, gaps)
        x, y = m.SCALE * found.x, m.SCALE * found.y
        return replace(found, x=x, y=y, position_unit="mm")

    monkeypatch.setattr(dice, "read", in_mm)
    with pytest.raises(SlipfieldError, match="scale: displacements are in pixels"):
        import_strain(files, StrainOptions(interval=1.0))
    data = import_strain(files, StrainOptions(interval=1.0, scale=m.SCALE))
    np.testing.assert_allclose(data["v"], np.where(TEST.mask, np.nan, TEST.v), atol=1e-6)
    np.testing.assert_allclose(data["x_mm"], TEST.x, atol=1e-6)
