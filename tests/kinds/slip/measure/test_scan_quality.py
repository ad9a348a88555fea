"""Doubtful pixels, several maps, and what is no map, in the binary formats of orientation maps.

The layouts are those of `test_scan_formats.py`. Every doubtful pixel has a wrong orientation, so
that a map in which it counts would have other grains.
"""

import struct

import h5py
import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.readers.scan_formats import recognised
from slipfield.kinds.slip.measure.specimen_file import provenance
from tests.kinds.slip.measure import grain_files as g
from tests.kinds.slip.measure.test_grains import angle_between
from tests.kinds.slip.measure.test_scan_formats import (
    LOST,
    write_bruker,
    write_cpr,
    write_dream3d,
    write_edax,
)

COUNT = g.NX * g.NY
WRONG = np.setdiff1d(np.random.default_rng(3).choice(COUNT, 150, replace=False), list(LOST))
ANGLES = np.random.default_rng(4).uniform(0.2, 1.4, (len(WRONG), 3))


def put(group, name, values):
    """Replace a dataset."""
    if name in group:
        del group[name]
    group[name] = values


def marked(usual, wrong, kind=np.float32):
    """Column of a quality, (pixels, 1)."""
    column = np.full((COUNT, 1), usual, kind)
    column[WRONG] = wrong
    return column


def write_h5oina(folder):
    return g.write_h5oina(folder / "map.h5oina", g.pixel_euler())


def spoil_h5oina(name, usual, wrong):
    def change(file):
        data = file["1/EBSD/Data"]
        euler = data["Euler"][()]
        euler[WRONG] = ANGLES
        put(data, "Euler", euler)
        put(data, name, marked(usual, wrong))

    return change


def spoil_dream3d(name, usual, wrong):
    def change(file):
        cells = file["DataContainers/ImageDataContainer/CellData"]
        euler = cells["EulerAngles"][()].reshape(-1, 3)
        euler[WRONG] = ANGLES
        put(cells, "EulerAngles", euler.reshape(1, g.NY, g.NX, 3))
        put(cells, name, marked(usual, wrong).reshape(1, g.NY, g.NX, 1))

    return change


def spoil_bruker(file):
    data = file["Scan 0/EBSD/Data"]
    for name, angles in zip(("phi1", "PHI", "phi2"), np.degrees(ANGLES).T, strict=True):
        values = data[name][()]
        values[WRONG] = angles
        put(data, name, values)
    put(data, "MAD", marked(0.6, 3.0).ravel())


def changed(writer, change):
    def write(folder):
        path = writer(folder)
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    return write


def write_channel(deviation, wrong, error=0):
    """Channel 5 project with MAD in degrees or radians, and error codes."""

    def write(folder):
        path = write_cpr(folder, fields=(3, 4, 5, 6, 11))
        content = bytearray((folder / "map.crc").read_bytes())
        place = {int(pixel): angles for pixel, angles in zip(WRONG, ANGLES, strict=True)}
        for pixel in range(COUNT):
            at = 18 * pixel
            doubtful = pixel in place
            struct.pack_into("<f", content, at + 13, wrong if doubtful else deviation)
            content[at + 17] = error if doubtful else 0
            if doubtful:
                struct.pack_into("<3f", content, at + 1, *place[pixel])
        (folder / "map.crc").write_bytes(bytes(content))
        return path

    return write


def dream3d(folder):
    return write_dream3d(folder, "6")


DOUBTFUL = {
    "h5oina, deviation in rad": changed(
        write_h5oina, spoil_h5oina("Mean Angular Deviation", 0.008, 0.06)
    ),
    "h5oina, error code 5": changed(write_h5oina, spoil_h5oina("Error", 1, 5)),
    "h5oina, no number outside the area": changed(write_h5oina, spoil_h5oina("Phase", 1.0, np.nan)),
    "crc, deviation in degrees": write_channel(0.5, 3.5),
    "crc, deviation in rad": write_channel(0.008, 0.06),
    "crc, error code 4": write_channel(0.5, 0.5, 4),
    "bruker, deviation": changed(write_bruker, spoil_bruker),
    "dream3d, mask": changed(dream3d, spoil_dream3d("Mask", 1, 0)),
    "dream3d, confidence": changed(dream3d, spoil_dream3d("Confidence Index", 0.6, 0.02)),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_doubtful_pixels_do_not_vote(name, tmp_path):
    data = add_orientation_map(xr.Dataset(), DOUBTFUL[name](tmp_path), GrainOptions())
    assert angle_between(data["euler"].values, g.EULER).max() < 1e-5
    wrong = (data["grain_id"].values != g.grain_pixels()).mean()
    assert wrong < 0.02  # pixels at boundaries that were filled from either side
    lost = provenance(data)[0]["indexed"]
    assert lost == pytest.approx(1 - len(WRONG) / COUNT, abs=2e-3)


def test_error_codes_of_a_program_that_writes_none_do_not_count(tmp_path):
    path = write_h5oina(tmp_path)
    with h5py.File(path, "r+") as file:
        file["1/EBSD/Data/Error"] = np.full((COUNT, 1), 3, np.uint8)
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    assert provenance(data)[0]["indexed"] == 1


def test_pixels_of_a_cleaned_map_count_whatever_their_deviation(tmp_path):
    path = write_h5oina(tmp_path)
    with h5py.File(path, "r+") as file:
        file.copy("1/EBSD", "1/Data Processing")
        for part in ("EBSD", "Data Processing"):
            put(file[f"1/{part}/Data"], "Mean Angular Deviation", marked(0.008, 0.06))
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    assert provenance(data)[0]["indexed"] == 1


@pytest.mark.parametrize(
    ("write", "scan"), [(write_edax, "Scan_1"), (write_bruker, "Scan 0"), (write_h5oina, "1")]
)
def test_first_of_several_maps_is_said(write, scan, tmp_path):
    path = write(tmp_path)
    with h5py.File(path, "r+") as file:
        file.copy(scan, "2" if scan == "1" else "Scan_2")
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    assert any("holds 2 maps" in note for note in provenance(data)[0]["notes"])


def test_map_of_edax_below_sample_and_area(tmp_path):
    path = write_edax(tmp_path)
    with h5py.File(path, "r+") as file:
        file.create_group("Sample/Area 1")
        file.move("Scan_1", "Sample/Area 1/OIM Map 1")
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    np.testing.assert_array_equal(data["grain_id"], g.grain_pixels())


def test_map_of_dream3d_asks_to_check_a_known_grain(tmp_path):
    data = add_orientation_map(xr.Dataset(), dream3d(tmp_path), GrainOptions())
    assert any("--y-axis" in text for text in provenance(data)[0]["warnings"])


def test_turned_scan_is_warned_of(tmp_path):
    path = write_h5oina(tmp_path)
    with h5py.File(path, "r+") as file:
        file["1/EBSD/Header/Scanning Rotation Angle"] = np.array([[np.pi]], np.float32)
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    assert any("Scanning Rotation" in text for text in provenance(data)[0]["warnings"])


def hexagonal(file):
    data = file["Scan_1/EBSD/Data"]
    del data["X Position"], data["Y Position"]
    put(file["Scan_1/EBSD/Header"], "Grid Type", np.array([b"HexGrid"]))


def a_line(file):
    header = file["1/EBSD/Header"]
    for name, cells in (("X", COUNT), ("Y", 1)):
        put(header, f"{name} Cells", np.array([cells], np.int32))


def no_ebsd(file):
    del file["1/EBSD"]
    file.create_group("1/EDS/Data")


def without(*names):
    """Channel 5 project without entries."""

    def write(folder):
        path = write_cpr(folder)
        lines = path.read_text(encoding="cp1252").splitlines()
        kept = [line for line in lines if not line.startswith(names)]
        path.write_text("\n".join(kept), encoding="cp1252")
        return path

    return write


def write_apex(folder):
    path = folder / "map.edaxh5"
    with h5py.File(path, "w") as file:
        file["Manufacturer"] = np.array([b"EDAX"])
        file.create_group("P/S/A/OIM Map 1/EBSD/ANG/DATA")
    return path


def write_h5ebsd(folder):
    path = folder / "map.h5ebsd"
    with h5py.File(path, "w") as file:
        file["Manufacturer"], file["Index"] = b"TSL", np.array([0])
    return path


def in_degrees(where):
    def change(file):
        put(file, where, np.degrees(file[where][()]))

    return change


def write_ang_in_degrees(folder):
    path = g.write_ang(folder / "map.ang", g.pixel_euler())
    lines = path.read_text().splitlines()
    for i, line in enumerate(lines):
        if not line.startswith("#"):
            entries = line.split()
            turned = [f"{np.degrees(float(entry)):.3f}" for entry in entries[:3]]
            lines[i] = " ".join([*turned, *entries[3:]])
    path.write_text("\n".join(lines) + "\n")
    return path


DEGREES = "the file holds degrees"
NO_MAP = {
    "ang, degrees": (write_ang_in_degrees, DEGREES),
    "h5oina, degrees": (changed(write_h5oina, in_degrees("1/EBSD/Data/Euler")), DEGREES),
    "dream3d, degrees": (
        changed(dream3d, in_degrees("DataContainers/ImageDataContainer/CellData/EulerAngles")),
        DEGREES,
    ),
    "edax, hexagons without places": (changed(write_edax, hexagonal), "hexagonal grid without"),
    "h5oina, line scan": (changed(write_h5oina, a_line), "a line of 2880 pixels"),
    "h5oina, no map": (changed(write_h5oina, no_ebsd), "no EBSD map, but EDS"),
    "cpr, single points": (without("xCells", "yCells"), "no xCells and yCells"),
    "cpr, no step": (without("GridDist"), "no GridDistX"),
    "apex": (write_apex, "APEX"),
    "h5ebsd": (write_h5ebsd, "DREAM.3D's import"),
}


@pytest.mark.parametrize("name", NO_MAP)
def test_what_is_no_map_is_refused_with_its_reason(name, tmp_path):
    write, message = NO_MAP[name]
    path = write(tmp_path)
    with pytest.raises(SlipfieldError, match=message):
        recognised(path).read(path)


def test_space_group_of_a_channel_5_phase_tells_that_it_is_cubic(tmp_path):
    path = without("LaueGroup")(tmp_path)
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    assert data.sizes["grain"] == 12


def test_angles_of_bruker_in_radians_are_warned_of(tmp_path):
    path = write_bruker(tmp_path)
    with h5py.File(path, "r+") as file:
        for name in ("phi1", "PHI", "phi2"):
            item = f"Scan 0/EBSD/Data/{name}"
            put(file, item, np.radians(file[item][()]))
    assert any("radians" in text for text in recognised(path).read(path).warnings)


def test_name_of_a_phase_in_the_code_page_of_windows(tmp_path):
    path = write_h5oina(tmp_path)
    with h5py.File(path, "r+") as file:
        name = np.array(["Kupfer, gegl\N{LATIN SMALL LETTER U WITH DIAERESIS}ht".encode("cp1252")])
        put(file["1/EBSD/Header/Phases/1"], "Phase Name", name)
    assert recognised(path).read(path).phase.startswith("Kupfer, gegl")
