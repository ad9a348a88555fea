"""Strain maps under the headers that programs of correlation give them, and files that are none."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers import load_formats, scan_formats
from slipfield.kinds.slip.measure.readers.strain_formats import recognised
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.kinds.slip.measure import case_files as c

NAMES = ("x", "y", "u", "v", "exx", "eyy", "exy")
MATCHID = (
    "Coordinates.Image X [Pixel];Coordinates.Image Y [Pixel];disp.Horizontal Displacement U [mm];"
    "disp.Vertical Displacement V [mm];strain.Strain-global frame: Exx [ ];"
    "strain.Strain-global frame: Eyy [ ];strain.Strain-global frame: Exy [ ];"
)
GOM = "id;x;y;z;displacement_x;displacement_y;displacement_z;epsilon_x;epsilon_y;epsilon_xy"
DAVIS = "x [mm];y [mm];Displacement x [mm];Displacement y [mm];Exx [-];Eyy [-];Exy [-]"


def columns(frame):
    """Columns of a frame in mm, y up."""
    signs = {"y": -1, "v": -1, "exy": -1}
    found = c.point_columns(frame)
    lengths = {n: c.SCALE if n in "xyuv" else 1.0 for n in found}
    return {n: signs.get(n, 1) * lengths[n] * v for n, v in found.items()}


def write(folder, header, values, suffix="csv", before="", end=""):
    """Tables of two frames; ``values`` gives the columns of one."""
    files = []
    for frame in (1, 2):
        rows = np.column_stack(values(frame))
        lines = [header, *(";".join(f"{v:.9f}" for v in row) + end for row in rows)]
        files.append(folder / f"img_{frame:03d}.{suffix}")
        files[-1].write_text(before + "\n".join(lines) + "\n")
    return files


def imported(files, **options):
    options = {"interval": 1.0, "measure": "green_lagrange"} | options
    return import_strain(files, StrainOptions(**options))


def assert_right(data, atol=1e-8):
    """Check the strains of frames 1 and 2, and the elongation of their displacements."""
    for found, frame in zip(data["strain"].values, (1, 2), strict=True):
        known = found[:, np.isfinite(found[0])]
        expected = np.broadcast_to(c.specimen_strain(frame)[:, None], known.shape)
        np.testing.assert_allclose(known, expected, atol=atol)
    np.testing.assert_allclose(data["displacement"], [0.008, 0.016], rtol=1e-4)


@pytest.mark.parametrize(
    "header",
    [
        MATCHID,
        MATCHID.replace("Image X ", "Image X-coordinate ").replace(
            "Image Y ", "Image Y-coordinate "
        ),
        MATCHID.replace("Coordinates.", "").replace("disp.", "").replace("strain.", ""),
        "x_pic;y_pic;u;v;exx;eyy;exy;",
    ],
)
def test_matchid_by_the_names_of_its_versions(header, tmp_path):
    def values(frame):
        table = c.point_columns(frame)
        return [table[n] * (c.SCALE if n in "uv" else 1) for n in NAMES]

    files = write(tmp_path, header, values, end=";")
    assert recognised(files[0]).NAME == "matchid"
    assert_right(imported(files, scale=c.SCALE))


def test_matchid_without_pixels_is_named(tmp_path):
    header = MATCHID.replace("Coordinates.Image ", "coor.")
    files = write(tmp_path, header, lambda frame: [c.point_columns(frame)[n] for n in NAMES])
    with pytest.raises(SlipfieldError, match="no column of x of MatchID; export Image X"):
        imported(files)


@pytest.mark.parametrize("before", ["", "# Units: length:mm angle:deg\n# Stage: Stage 1\n"])
def test_gom_without_the_lines_of_the_stage(before, tmp_path):
    """Positions are those of the deformed points; numbers of files give the order."""

    def values(frame):
        t, zero = columns(frame), np.zeros(c.NX**2)
        places = [np.arange(c.NX**2), t["x"] + t["u"], t["y"] + t["v"], zero]
        return [*places, t["u"], t["v"], zero, *(t[n] for n in NAMES[4:])]

    files = write(tmp_path, GOM, values, before=before)
    assert recognised(files[0]).NAME == "gom"
    assert_right(imported(files))


@pytest.mark.parametrize("deformed", [False, True])
def test_places_that_move_with_the_displacements_are_brought_back(deformed, tmp_path):
    header = "Index;X [mm];Y [mm];dX [mm];dY [mm];epsX [%];epsY [%];epsXY [%]"

    def values(frame):
        t = columns(frame)
        x, y = (t[p] + deformed * t[d] for p, d in ("xu", "yv"))
        return [np.arange(len(x)), x, y, t["u"], t["v"], *(100 * t[n] for n in NAMES[4:])]

    assert_right(imported(write(tmp_path, header, values)))


@pytest.mark.parametrize("header", [DAVIS, DAVIS.replace(";E", ";Strain E")])
def test_strains_of_strainmaster_go_before_those_of_its_displacements(header, tmp_path):
    def values(frame):
        t = columns(frame)
        return [t[n] + (1e-3 if n == "exx" else 0) for n in NAMES]

    files = write(tmp_path, header, values)
    data = imported(files)
    assert recognised(files[0]).NAME == "davis"
    found = data["strain"].values[:, :, 4, 4] - [c.specimen_strain(frame) for frame in (1, 2)]
    np.testing.assert_allclose(found, [[1e-3, 0, 0]] * 2, atol=1e-8)
    with pytest.raises(SlipfieldError, match="--strain-measure"):
        imported(files, measure=None)


def test_strains_a_million_times_less_than_the_displacements_show_are_refused(tmp_path):
    header = DAVIS.replace("[-]", "[um/m]")
    files = write(tmp_path, header, lambda frame: [columns(frame)[n] for n in NAMES])
    with pytest.raises(SlipfieldError, match="but the displacements show 2.02 %"):
        imported(files)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.vtk", "# vtk DataFile Version 3.0\n1 2 3\n", "a VTK file"),
        ("a.xml", '<?xml version="1.0"?>\n<VTKFile type="ImageData">\n0 1 2\n', "a VTK file"),
        ("a.dat", 'TITLE = "a"\nVARIABLES = "x", "y"\nZONE I=2\n0 0\n1 1\n', "a Tecplot file"),
        ("a.csv", "Imetrum\n\nTime (s),Strain 1 (%)\n0,0\n1,0.1\n2,0.2\n", "Imetrum"),
        ("a.txt", "# ARAMIS v6.3\n# i j strain_x\n0 0 0.1\n0 1 0.1\n", "ARAMIS"),
        ("a.zinspect", "-", "ZEISS INSPECT"),
        ("a.m2inp", "-", "settings of MatchID"),
    ],
)
def test_a_file_that_is_no_strain_map_is_named(name, text, said, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(SlipfieldError, match=f"{said}.*not read; "):
        recognised(tmp_path / name)


def test_a_binary_load_table_and_a_grain_file_are_named(tmp_path):
    (tmp_path / "pull.zs2").write_bytes(b"\0\1")
    with pytest.raises(SlipfieldError, match="a testXpert series"):
        load_formats.read(tmp_path / "pull.zs2", None)
    head = "# Column 1-3: right hand average orientation (phi1, PHI, phi2 in radians)\n1 2 3\n"
    (tmp_path / "grains.txt").write_text(head)
    with pytest.raises(SlipfieldError, match="a grain file of OIM Analysis"):
        scan_formats.recognised(tmp_path / "grains.txt")
