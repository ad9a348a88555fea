"""Strain maps as users have them, where a reader could go wrong without a word."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.measure.specimen_file import provenance
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.kinds.slip.measure import case_files as c
from tests.kinds.slip.measure import measurement as m


def imported(files, **options):
    options = {"scale": c.SCALE, "interval": 1.0} | options
    return import_strain(files, StrainOptions(**options))


def assert_frames(data, frames, atol=1e-7):
    """Check that each frame is homogeneous with the strain of one of ``frames``."""
    for found, frame in zip(data["strain"].values, frames, strict=True):
        known = found[:, np.isfinite(found[0])]
        expected = np.broadcast_to(c.specimen_strain(frame)[:, None], known.shape)
        np.testing.assert_allclose(known, expected, atol=atol)


@pytest.mark.parametrize(
    ("remark", "measure"),
    [
        ("engr.", "engineering"),
        ("Lagrange", "green_lagrange"),
        ("Green-Lagrange", "green_lagrange"),
        ("Hencky", "hencky"),
        ("Log.", "hencky"),
        ("true strain", "hencky"),
        ("Euler-Almansi", "almansi"),
        ("Biot", "engineering"),
        ("Technical strain", "engineering"),
    ],
)
@pytest.mark.parametrize("form", ["{name} [1] - {remark}", "{name} ({remark})"])
def test_the_measure_in_the_header_counts(remark, measure, form, tmp_path):
    names = [f'"{form.format(name=n, remark=remark)}"' for n in ("exx", "eyy", "exy")]
    header = ",".join(['"x"', '"y"', '"u"', '"v"', *names])
    files = [c.write_points(tmp_path / f"engr_{k:03d}.csv", k, header) for k in (5, 10)]
    assert imported(files).attrs["strain_measure"] == measure


def test_engineering_strain_gives_the_elongation_of_its_displacements(tmp_path):
    names = [f'"{n} [1] - engr."' for n in ("exx", "eyy", "exy")]
    header = ",".join(['"x"', '"y"', *['"p"', '"q"'], *names])
    files = [
        c.write_points(tmp_path / f"e_{k}.csv", k, header, measure="engineering") for k in (5, 10)
    ]
    data = imported(files)
    np.testing.assert_allclose(data["displacement"] / 0.8, [0.05, 0.1], atol=2e-4)


@pytest.mark.parametrize("remark", ["Log. Euler-Almansi", "Swainger"])
def test_a_measure_that_is_unknown_is_refused_unless_given(remark, tmp_path):
    names = [f'"{n} [1] - {remark}"' for n in ("exx", "eyy", "exy")]
    header = ",".join(['"x"', '"y"', '"u"', '"v"', *names])
    files = [c.write_points(tmp_path / f"a_{k}.csv", k, header) for k in (1, 2)]
    with pytest.raises(SlipfieldError, match=f"{remark}.*--strain-measure"):
        imported(files)
    assert imported(files, measure="hencky").attrs["strain_measure"] == "hencky"


def test_components_of_different_measures_are_refused(tmp_path):
    header = '"x","y","u","v","exx [1] - engr.","eyy [1] - Hencky","exy [1] - engr."'
    with pytest.raises(SlipfieldError, match="different measures"):
        imported([c.write_points(tmp_path / "a.csv", 1, header)])


def test_a_first_frame_of_zeros_is_the_reference_at_time_0(tmp_path):
    files = [c.write_points(tmp_path / f"img_{k:03d}.csv", k) for k in range(4)]
    data = imported(files, thickness=1.0)
    np.testing.assert_allclose(data["time"], [0, 1, 2, 3])
    assert "reference" in provenance(data)[0]["notes"][0]
    (tmp_path / "load.csv").write_text("time_s,load_N\n0,0\n1,100\n2,200\n3,300\n4,400\n")
    loaded = add_load(data, tmp_path / "load.csv", None, 0.0, None)
    np.testing.assert_allclose(loaded["load"], [0, 100, 200, 300], atol=1e-9)
    np.testing.assert_allclose(imported(files, start=5.0)["time"], [5, 6, 7, 8])


def test_a_later_frame_of_zeros_was_lost(tmp_path):
    files = [c.write_points(tmp_path / f"img_{k}.csv", 0 if k == 2 else k) for k in (1, 2, 3)]
    with pytest.raises(SlipfieldError, match="img_2.csv: no strain anywhere.*lost"):
        imported(files)


@pytest.mark.parametrize(
    "names",
    [
        ["strain_0.25.csv", "strain_0.50.csv", "strain_0.75.csv", "strain_1.00.csv"],
        ["d_0p5mm.csv", "d_1p0mm.csv", "d_1p5mm.csv", "d_2p0mm.csv"],
        ["d 0,5 mm.csv", "d 1,0 mm.csv", "d 1,5 mm.csv", "d 2,0 mm.csv"],
        ["pull-0001_0.csv", "pull-0002_0.csv", "pull-0003_0.csv", "pull-0004_0.csv"],
        ["img_8.csv", "img_9.csv", "img_10.csv", "img_11.csv"],
        ["12-30-58 s2.csv", "12-30-59 s2.csv", "12-31-00 s2.csv", "12-31-01 s2.csv"],
        ["f1_0.5mm.csv", "f2_0.7mm.csv", "f3_1.9mm.csv", "f4_2.0mm.csv"],
        ["1_cam0.csv", "2_cam0.csv", "3_cam0.csv", "4_cam0.csv"],
    ],
)
def test_the_number_that_varies_orders_the_frames(names, tmp_path):
    files = [c.write_points(tmp_path / name, k + 1) for k, name in enumerate(names)]
    data = imported([files[i] for i in (2, 0, 3, 1)])
    assert_frames(data, [1, 2, 3, 4])


def test_names_that_order_the_frames_in_two_ways_are_refused(tmp_path):
    names = ["a3_b1.csv", "a1_b2.csv", "a2_b3.csv"]
    files = [c.write_points(tmp_path / name, k + 1) for k, name in enumerate(names)]
    with pytest.raises(SlipfieldError, match="two ways"):
        imported(files)


def test_frames_may_be_picked_where_their_times_are_given(tmp_path):
    files = [c.write_points(tmp_path / f"img_{k:03d}.csv", k) for k in (1, 2, 5, 9)]
    (tmp_path / "times.csv").write_text("time_s\n1\n2\n5\n9\n")
    data = imported(files, interval=None, times=tmp_path / "times.csv")
    np.testing.assert_allclose(data["time"], [1, 2, 5, 9])
    assert_frames(data, [1, 2, 5, 9])
    with pytest.raises(SlipfieldError, match="img_009.csv.*missing.*--times"):
        imported(files)


DICE = "SUBSET_ID,COORDINATE_X,COORDINATE_Y,DISPLACEMENT_X,DISPLACEMENT_Y"
DICE += ",VSG_STRAIN_XX,VSG_STRAIN_YY,VSG_STRAIN_XY,SIGMA,MATCH"


@pytest.mark.parametrize("lost", [9, 18, 5])
def test_dice_strains_of_failed_gauges_are_no_measurement(lost, tmp_path):
    """MATCH is -1 and the strains are 0, while SIGMA stays and displacements are measured."""
    failed = np.arange(c.NX**2) < lost
    files = []
    for k in (1, 2):
        columns = list(c.point_columns(k).values())
        strains = [np.where(failed, 0, e) for e in columns[4:]]
        table = [np.arange(c.NX**2), *columns[:4], *strains, 0.01 + 0 * failed]
        rows = np.column_stack([*table, np.where(failed, -1, 0)])
        files.append(tmp_path / f"DICe_solution_{k}.txt")
        np.savetxt(files[-1], rows, delimiter=",", header="***\n" + DICE, comments="", fmt="%.9g")
    data = imported(files)
    assert int(np.isnan(data["strain"].values[0, 0]).sum()) == lost
    assert_frames(data, [1, 2])
    assert data["strain"].shape[2:] == (c.NX, c.NX)
    assert np.isfinite(data["v"]).all()


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("sigma [pixel]", -1.0, 0.01),
        ("ZNCC", -3.0, 0.99),
        ("correlation value", 0.0, 0.99),
        ("isValid", 0.0, 1.0),
        ("Match quality", -1.0, 0.9),
    ],
)
def test_columns_of_quality_mask_points(name, bad, good, tmp_path):
    failed = np.arange(c.NX**2) % 7 == 3
    header = f'"x","y","u","v","exx","eyy","exy","{name}"'
    quality = np.where(failed, bad, good)
    path = c.write_points(tmp_path / "a.csv", 1, header, extra=(quality,))
    text = path.read_text().splitlines()
    # What stands in the row of a failed point is no result.
    for row in np.flatnonzero(failed):
        x, y, *_ = text[row + 1].split(",")
        text[row + 1] = ",".join([x, y, "0", "0", "0.5", "0.5", "0.5", str(bad)])
    path.write_text("\n".join(text) + "\n")
    data = imported([path])
    assert int(np.isnan(data["strain"].values[0, 0]).sum()) == failed.sum()
    assert_frames(data, [1])


def test_points_of_zeros_among_deformed_ones_are_no_measurement(tmp_path):
    path = c.write_points(tmp_path / "a.csv", 3)
    lines = path.read_text().splitlines()
    for row in (5, 40, 41):
        lines[row] = ",".join([*lines[row].split(",")[:2], *["0.0"] * 5])
    path.write_text("\n".join(lines))
    data = imported([path])
    assert int(np.isnan(data["strain"].values[0, 0]).sum()) == 3
    assert_frames(data, [3])


@pytest.mark.parametrize("mark", ["0", "-1", "-999", "1e30", "NaN"])
def test_displacements_of_lost_points_at_the_edge_do_not_shorten_the_sheet(mark, tmp_path):
    files = [c.write_points(tmp_path / f"a_{k}.csv", k) for k in (1, 2)]
    for path in files:
        lines = path.read_text().splitlines()
        for row in (2, 5, 8, 75):  # in the first and the last row of points
            lines[row] = ",".join([*lines[row].split(",")[:2], *[mark] * 5])
        path.write_text("\n".join(lines))
    data = imported(files)
    assert int(np.isnan(data["strain"].values[:, 0]).sum()) == 8
    assert_frames(data, [1, 2])
    np.testing.assert_allclose(data["displacement"], [0.008, 0.016], rtol=1e-6)
    notes = provenance(data)[0]["notes"]
    assert any("no result" in note for note in notes) == (mark not in ("0", "NaN"))


def test_zeros_of_ncorr_outside_its_region_are_no_displacements(tmp_path):
    test = m.Test(lost=[(frame, 30, column) for frame in range(4) for column in range(0, 18)])
    data = imported(m.write_ncorr(test, tmp_path), scale=None)
    share = data["displacement"].values / data.attrs["sheet_height_mm"]
    np.testing.assert_allclose(share, test.elongation, rtol=0.02)


def test_zeros_by_coarse_rounding_stay():
    """Strains with two digits: where the noise is of that size, a zero is a result."""
    from slipfield.kinds.slip.measure.readers.frames import Frames, without_zeros

    strain = np.round(5e-4 * np.random.default_rng(0).standard_normal((2, 3, 20, 20)), 3)
    frames = Frames(
        x=np.arange(20.0),
        y=np.arange(20.0),
        strain=strain.copy(),
        position_unit="px",
        displacement_unit="px",
        y_axis="down",
        measure="hencky",
    )
    found, at_rest = without_zeros(frames, [])
    assert not at_rest
    np.testing.assert_array_equal(found.strain, strain)


TITLED = "X [mm];Y [mm];U [mm];V [mm];exx [1] - Lagrange;eyy [1] - Lagrange;exy [1] - Lagrange"


@pytest.mark.parametrize(
    "before", ["sep=;\n", "Exported by VIC-3D 9\n\n", "Project: a; b\nDate: 01.02.2024\n", "\n\n"]
)
def test_lines_before_the_header_are_skipped(before, tmp_path):
    path = c.write_points(
        tmp_path / "img_001.csv", 1, TITLED, before=before, delimiter=";", decimal=","
    )
    data = imported([path], scale=None)
    np.testing.assert_allclose(data["strain"].values[0, 1], c.strain_of(1)[1], atol=1e-7)
    np.testing.assert_allclose(data["displacement"], 0.8, atol=1e-6)


def test_the_decimal_sign_is_that_of_all_rows(tmp_path):
    path = c.write_points(tmp_path / "a.csv", 1, "x;y;u;v;exx;eyy;exy", delimiter=";", decimal=",")
    lines = path.read_text().splitlines()
    lines[1] = "100;100;0;0;0;0;0"
    path.write_text("\n".join(lines))
    data = imported([path])
    assert int(np.isnan(data["strain"].values[0, 0]).sum()) == 1
    assert_frames(data, [1])


@pytest.mark.parametrize(
    ("kind", "entry"),
    [("Windows", "-nan(ind)"), ("old Windows", "-1.#IND"), ("MATLAB", "NaN"), ("Excel", "#N/A")],
)
def test_entries_that_stand_for_no_result(kind, entry, tmp_path):
    path = c.write_points(tmp_path / "a.csv", 1)
    lines = path.read_text().splitlines()
    lines[8] = ",".join([*lines[8].split(",")[:4], entry, entry, entry])
    path.write_text("\n".join(lines))
    assert int(np.isnan(imported([path])["strain"].values[0, 0]).sum()) == 1


@pytest.mark.parametrize("end", [",", ", ,", ",,,"])
def test_delimiters_at_the_end_of_rows_and_empty_rows_are_nothing(end, tmp_path):
    path = c.write_points(tmp_path / "a.csv", 1, end=end)
    path.write_text(path.read_text() + ",,,,\n\n")
    assert_frames(imported([path]), [1])


MATCHID = ",".join(
    ["Coordinates.Image X [Pixel]", "Coordinates.Image Y [Pixel]"]
    + [f"disp.{n} Displacement {a} [Pixel]" for n, a in (("Horizontal", "U"), ("Vertical", "V"))]
    + [f"strain.Strain-global frame: E{n} [ ]" for n in ("xx", "yy", "xy")]
)


def test_matchid_without_calibration_has_displacements_in_pixels(tmp_path):
    files = [c.write_points(tmp_path / f"Image_{k:04d}.csv", k, MATCHID) for k in (1, 2)]
    data = imported(files, measure="green_lagrange")
    np.testing.assert_allclose(data["displacement"], [0.008, 0.016], atol=1e-7)


@pytest.mark.parametrize("unit", ["%", "percent", "‰", "µε", "μm/m", "microstrain"])
def test_units_of_strains_in_many_spellings(unit, tmp_path):
    scale = {"%": 1e2, "percent": 1e2, "‰": 1e3}.get(unit, 1e6)
    names = [f"{n} [{unit}]" for n in ("exx", "eyy", "exy")]
    header = ",".join(["x", "y", "u", "v", *names])
    path = c.write_points(tmp_path / "a.csv", 2, header, scale=scale)
    assert_frames(imported([path]), [2], atol=1e-6)


@pytest.mark.parametrize(
    ("unit", "millimetres"),
    [("microns", 1e-3), ("micrometers", 1e-3), ("inch", 25.4), ("in", 25.4)],
)
def test_units_of_ncorr_are_typed_by_hand(unit, millimetres, tmp_path):
    from scipy.io import savemat

    test = m.Test()
    content = m.ncorr_content(test)
    content["dispinfo"] |= {"pixtounits": m.SCALE / millimetres, "units": unit}
    for entry in content["displacements"]:
        for name in entry:
            entry[name] = entry[name] / millimetres
    arrays = {name: np.array(content[name], dtype=object) for name in ("strains", "displacements")}
    savemat(tmp_path / "n.mat", {"data_dic_save": {**arrays, "dispinfo": content["dispinfo"]}})
    data = imported([tmp_path / "n.mat"], scale=None)
    np.testing.assert_allclose(data["x_mm"], test.x, atol=1e-6)
    np.testing.assert_allclose(data["displacement"] / 1.5, test.elongation, atol=1e-5)


def test_an_unknown_unit_of_ncorr_is_named(tmp_path):
    from scipy.io import savemat

    content = m.ncorr_content(m.Test())
    content["dispinfo"] |= {"units": "furlong"}
    arrays = {name: np.array(content[name], dtype=object) for name in ("strains", "displacements")}
    savemat(tmp_path / "n.mat", {"data_dic_save": {**arrays, "dispinfo": content["dispinfo"]}})
    with pytest.raises(SlipfieldError, match="'furlong' of the file is unknown"):
        imported([tmp_path / "n.mat"], scale=None)


UNREAD = {
    "2D-ALDIC": ("mat", ["ResultDisp", "ResultStrain", "DICpara"]),
    "MultiDIC": ("mat", ["DIC2DpairResults"]),
    "of no program that is known": ("mat", ["alpha", "beta"]),
    "a matrix of numbers": ("csv", None),
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_is_not_read_is_called_by_its_name(what, tmp_path):
    from scipy.io import savemat

    suffix, arrays = UNREAD[what]
    path = tmp_path / f"a.{suffix}"
    if arrays is None:
        np.savetxt(path, np.random.default_rng(0).random((30, 50)), delimiter=",")
    else:
        savemat(path, {name: np.zeros(3) for name in arrays})
    with pytest.raises(SlipfieldError, match=what):
        imported([path])


def test_pixels_below_zero_point_up(tmp_path):
    """A program that turned the rows upside down; components turn with the axis."""
    columns = c.point_columns(2)
    for name in ("y", "v", "exy"):
        columns[name] = -columns[name]
    path = tmp_path / "a.csv"
    rows = np.column_stack(list(columns.values()))
    np.savetxt(path, rows, delimiter=",", header=",".join(columns), comments="", fmt="%.9g")
    data = imported([path])
    assert_frames(data, [2])
    assert "up" in provenance(data)[0]["notes"][0]


@pytest.mark.parametrize("unit", ["um", "microns"])
def test_units_of_an_outline_count(unit, tmp_path):
    files = [c.write_points(tmp_path / "a_1.csv", 1)]
    text = f"y [{unit}],left [{unit}],right [{unit}]\n0,0,800\n800,0,800\n"
    (tmp_path / "o.csv").write_text(text)
    data = imported(files, outline=tmp_path / "o.csv")
    np.testing.assert_allclose(data["outline_right"], 0.8)
    (tmp_path / "o.csv").write_text(text.replace(unit, "furlong"))
    with pytest.raises(SlipfieldError, match="'furlong' of column 'y'"):
        imported(files, outline=tmp_path / "o.csv")


def test_times_of_one_column_may_have_decimal_commas(tmp_path):
    files = [c.write_points(tmp_path / f"a_{k}.csv", k) for k in (1, 2)]
    (tmp_path / "t.txt").write_text("0,5\n1,25\n")
    data = imported(files, interval=None, times=tmp_path / "t.txt")
    np.testing.assert_allclose(data["time"], [0.5, 1.25])


def test_scaled_positions_of_vic_point_up_and_those_of_dice_are_refused(tmp_path):
    header = "x [mm],y [mm],u [mm],v [mm],exx,eyy,exy"
    data = imported([c.write_points(tmp_path / "a.csv", 1, header)], scale=None)
    # y up in the file: the shear keeps its sign.
    np.testing.assert_allclose(data["strain"].values[0, 2], c.strain_of(1)[2], atol=1e-7)
    names = ["COORDINATE_X [mm]", "COORDINATE_Y [mm]", "DISPLACEMENT_X [mm]", "DISPLACEMENT_Y [mm]"]
    names += [f"VSG_STRAIN_{n}" for n in ("XX", "YY", "XY")]
    with pytest.raises(SlipfieldError, match="positions in mm; expected px of DICe"):
        imported([c.write_points(tmp_path / "d.txt", 1, ",".join(names))], scale=None)


def test_strains_go_before_vectors_where_a_table_has_both(tmp_path):
    header = '"x","y","u","v","exx [1] - Hencky","eyy [1] - Hencky","exy [1] - Hencky","isValid"'
    path = c.write_points(tmp_path / "a.csv", 1, header, extra=(np.ones(c.NX**2),))
    assert imported([path]).attrs["strain_measure"] == "hencky"
