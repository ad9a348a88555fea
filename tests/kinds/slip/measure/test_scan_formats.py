"""Readers of Channel 5, EDAX, Bruker and DREAM.3D on files of their layouts.

Each writer puts the file together from the layout that another program documents; the map is that
of `grain_files.py`, so every reader must give back the same grains in specimen axes.
"""

import struct

import h5py
import numpy as np
import pytest
import xarray as xr
from orix.io.plugins import bruker_h5ebsd

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.readers import bruker_h5
from slipfield.kinds.slip.measure.readers.scan_formats import READERS, recognised
from slipfield.kinds.slip.measure.specimen_file import problems, provenance
from tests.kinds.slip.measure import grain_files as g
from tests.kinds.slip.measure.test_grains import angle_between

MICROMETRES = 1e3 * g.PIXEL
LOST = {30 * g.NX + 20, 31 * g.NX + 20, 10 * g.NX + 12}


def rows_down():
    """Angles (NY * NX, 3), rad, in specimen axes, from the top left corner."""
    return g.pixel_euler()[::-1].reshape(-1, 3)


def indexed_down():
    """Whether each pixel is indexed."""
    return ~np.isin(np.arange(g.NX * g.NY), list(LOST))


CPR = """[General]
Version=5.0
JobMode=RegularGrid
[Fields]
{fields}
Count={count}
[Job]
GridDistX={step:.4f}
GridDistY={step:.4f}
xCells={nx}
yCells={ny}
[Acquisition Surface]
Euler1={turn}
Euler2=0
Euler3=0
[Phases]
Count=1
[Phase1]
StructureName=Copper
a=3.615
b=3.615
c=3.615
alpha=90
beta=90
gamma=90
LaueGroup=11
SpaceGroup=225
"""
KINDS = {6: "f", 7: "B", 8: "B", 10: "B", 11: "B", 12: "f", 101: "f"}


def write_cpr(folder, fields=(3, 4, 5, 6, 7, 8, 10, 11), turn=0.0, suffixes=(".cpr", ".crc")):
    """Project and records: one byte of phase, then the fields in the order of the project."""
    listed = "\n".join(f"Field{i}={field}" for i, field in enumerate(fields, 1))
    text = CPR.format(
        fields=listed, count=len(fields), step=MICROMETRES, nx=g.NX, ny=g.NY, turn=turn
    )
    project = folder / f"map{suffixes[0]}"
    project.write_text(text, encoding="cp1252")
    content = b""
    for angles, there in zip(rows_down() % (2 * np.pi), indexed_down(), strict=True):
        content += struct.pack("<B", int(there))
        for field in fields:
            value = angles[field - 3] * there if field in (3, 4, 5) else 1
            content += struct.pack(f"<{KINDS.get(field, 'f')}", value)
    (folder / f"map{suffixes[1]}").write_bytes(content)
    return project


def write_edax(folder, coordinates=True):
    """OIM Analysis 7: angles refer to x down, y right; CI -1 and 4 pi where not indexed."""
    there = indexed_down()
    euler = np.where(there[:, None], (rows_down() + [np.pi / 2, 0, 0]) % (2 * np.pi), 4 * np.pi)
    row, column = np.divmod(np.arange(g.NX * g.NY), g.NX)
    path = folder / "map.h5"
    with h5py.File(path, "w") as file:
        file[" Manufacturer"], file[" Version"] = np.array([b"EDAX"]), np.array([b"OIM 7.2.1"])
        data = file.create_group("Scan_1/EBSD/Data")
        for i, name in enumerate(("Phi1", "Phi", "Phi2")):
            data[name] = euler[:, i].astype(np.float32)
        data["CI"] = np.where(there, 0.6, -1.0).astype(np.float32)
        data["Phase"] = np.zeros(len(there), np.int8)
        if coordinates:
            data["X Position"] = (MICROMETRES * column).astype(np.float32)
            data["Y Position"] = (MICROMETRES * row).astype(np.float32)
        head = file.create_group("Scan_1/EBSD/Header")
        head["Grid Type"] = np.array([b"SqrGrid"])
        head["nColumns"], head["nRows"] = np.array([g.NX], ">i4"), np.array([g.NY], ">i4")
        head["Step X"], head["Step Y"] = np.full((2, 1), MICROMETRES, ">f4")
        head["Phase/1/MaterialName"] = np.array([b"Copper"])
        head["Phase/1/Point Group"] = np.array([b"Cubic (Oh) [m3m]"])
        head["Phase/1/Symmetry"] = np.array([43], ">i4")
    return path


def write_bruker(folder):
    """Esprit: degrees, rows and columns in SEM/IY and SEM/IX, phase 0 where not indexed."""
    there, count = indexed_down(), g.NX * g.NY
    euler = np.degrees(rows_down()) % 360 * there[:, None]
    row, column = np.divmod(np.arange(count), g.NX)
    shuffled = np.random.default_rng(0).permutation(count)
    path = folder / "map.h5"
    with h5py.File(path, "w") as file:
        file["Manufacturer"], file["Version"] = b"Bruker Nano", b"Esprit 2.1"
        data = file.create_group("Scan 0/EBSD/Data")
        for i, name in enumerate(("phi1", "PHI", "phi2")):
            data[name] = euler[shuffled, i].astype(np.float32)
        data["Phase"] = there[shuffled].astype(np.int32)
        for name in ("X SAMPLE", "Y SAMPLE"):
            place = column if name[0] == "X" else row
            data[name] = (MICROMETRES * place[shuffled]).astype(np.float32)
        zeros = np.zeros(count, np.float32)
        for name in ("PCX", "PCY", "DD", "MAD", "MADPhase", "NIndexedBands", "RadonBandCount"):
            data[name] = zeros
        for name in ("RadonQuality", "X BEAM", "Y BEAM", "Z SAMPLE"):
            data[name] = zeros
        file["Scan 0/SEM/IX"] = column[shuffled].astype(np.int32)
        file["Scan 0/SEM/IY"] = row[shuffled].astype(np.int32)
        head = file.create_group("Scan 0/EBSD/Header")
        head["NCOLS"], head["NROWS"], head["Grid Type"] = g.NX, g.NY, b"isometric"
        head["XSTEP"] = head["YSTEP"] = MICROMETRES
        phase = head.create_group("Phases/1")
        phase["Name"], phase["Formula"], phase["SpaceGroup"] = b"Copper", b"Cu", b"F m#ovl3m"
        phase["IT"], phase["Setting"] = 225, 1
        phase["LatticeConstants"] = np.array([3.615, 3.615, 3.615, 90, 90, 90], np.float32)
        phase.create_group("AtomPositions")["1"] = b"Cu,0,0,0,1"
    return path


def write_dream3d(folder, version):
    """Versions 4, 6 and NX: cells from the bottom row up, with an entry 0 of phases."""
    there = indexed_down().reshape(g.NY, g.NX)[::-1]
    euler = g.pixel_euler().astype(np.float32)
    path = folder / "map.dream3d"
    sizes, spacing = np.array([g.NX, g.NY, 1]), np.full(3, MICROMETRES, np.float32)
    with h5py.File(path, "w") as file:
        if version == "6":
            top = file.create_group("DataContainers/ImageDataContainer")
            cells, kinds = top.create_group("CellData"), top.create_group("CellEnsembleData")
            top["_SIMPL_GEOMETRY/DIMENSIONS"] = sizes
            top["_SIMPL_GEOMETRY/SPACING"] = spacing
        elif version == "NX":
            top = file.create_group("DataStructure/Image Geometry")
            cells, kinds = top.create_group("Cell Data"), top.create_group("Cell Ensemble Data")
            top.attrs["_DIMENSIONS"], top.attrs["_SPACING"] = sizes.astype(np.uint64), spacing
        else:
            top = file.create_group("VoxelDataContainer")
            cells, kinds = top.create_group("CELL_DATA"), top.create_group("ENSEMBLE_DATA")
            top["DIMENSIONS"], top["SPACING"] = sizes, spacing
        cells["EulerAngles"] = euler.reshape(1, g.NY, g.NX, 3)
        cells["Phases"] = there.astype(np.int32).reshape(1, g.NY, g.NX, 1)
        kinds["CrystalStructures"] = np.array([[999], [1]], np.uint32)
        kinds["MaterialName"] = np.array([b"Invalid Phase", b"Copper"], dtype="S20")
    return path


WRITERS = {
    "cpr": write_cpr,
    "edax-h5": write_edax,
    "bruker-h5": write_bruker,
    "dream3d 4": lambda folder: write_dream3d(folder, "4"),
    "dream3d 6": lambda folder: write_dream3d(folder, "6"),
    "dream3d NX": lambda folder: write_dream3d(folder, "NX"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_reader_gives_back_grains_and_orientations(name, tmp_path):
    path = WRITERS[name](tmp_path)
    assert recognised(path).NAME == name.split()[0]
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    np.testing.assert_array_equal(data["grain_id"], g.grain_pixels())
    assert angle_between(data["euler"].values, g.EULER).max() < 1e-5
    np.testing.assert_allclose(np.diff(data["grain_x_mm"]), g.PIXEL, rtol=1e-5)
    assert list(problems(data)) == []
    (entry,) = provenance(data)
    assert entry["phase"] == "Copper"
    assert entry["indexed"] == pytest.approx(1 - len(LOST) / (g.NX * g.NY))


def test_every_format_has_a_name_of_its_own():
    names = [reader.NAME for reader in READERS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("fields", [(3, 4, 5), (3, 4, 5, 6, 7, 8, 10, 11, 12, 101), (7, 5, 4, 3)])
def test_fields_of_a_channel_5_project_in_any_number_and_order(fields, tmp_path):
    path = write_cpr(tmp_path, fields)
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    assert angle_between(data["euler"].values, g.EULER).max() < 1e-5


def test_either_file_of_a_channel_5_project_names_it(tmp_path):
    write_cpr(tmp_path, suffixes=(".CPR", ".CRC"))
    data = add_orientation_map(xr.Dataset(), tmp_path / "map.CRC", GrainOptions())
    assert data.sizes["grain"] == 12


def test_channel_5_project_tells_turned_axes_and_missing_data(tmp_path):
    path = write_cpr(tmp_path, turn=90.0)
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    assert any("--euler-axes" in text for text in provenance(data)[0]["warnings"])
    content = (tmp_path / "map.crc").read_bytes()
    (tmp_path / "map.crc").write_bytes(content[:-100])
    with pytest.raises(SlipfieldError, match="truncated"):
        add_orientation_map(xr.Dataset(), path, GrainOptions())
    (tmp_path / "map.crc").unlink()
    with pytest.raises(SlipfieldError, match=r"map.crc: not there"):
        add_orientation_map(xr.Dataset(), path, GrainOptions())


def test_edax_map_without_positions_goes_row_by_row(tmp_path):
    path = write_edax(tmp_path, coordinates=False)
    data = add_orientation_map(xr.Dataset(), path, GrainOptions())
    np.testing.assert_array_equal(data["grain_id"], g.grain_pixels())


def test_orix_reads_the_same_map_of_bruker(tmp_path):
    """Angles by row and column; orix mirrors x, so positions are compared by rows alone."""
    path = write_bruker(tmp_path)
    other, scan = bruker_h5ebsd.file_reader(str(path)), bruker_h5.read(path)
    indexed = (other.phase_id >= 0).reshape(g.NY, g.NX)
    np.testing.assert_array_equal(indexed, scan.indexed)
    euler = other.rotations.to_euler().reshape(g.NY, g.NX, 3)
    turns = np.exp(1j * euler[indexed]) - np.exp(1j * scan.euler[indexed])
    assert np.abs(turns).max() < 1e-5


@pytest.mark.parametrize(
    ("name", "message"),
    [("map.osc", "OIM scan"), ("map.bcf", "Bruker project"), ("map.up2", "patterns of EDAX")],
)
def test_binary_maps_are_called_by_their_name(name, message, tmp_path):
    (tmp_path / name).write_bytes(b"\x00\x01" * 50)
    with pytest.raises(SlipfieldError, match=message):
        recognised(tmp_path / name)


def test_hdf5_of_another_program_is_called_by_its_name(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_group("crystal_map")
    with pytest.raises(SlipfieldError, match="orix"):
        recognised(tmp_path / "a.h5")
