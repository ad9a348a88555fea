"""Malformed grain maps, load curves and specimen files: one line each, and nothing is written."""

import numpy as np
import pytest
import xarray as xr
from skimage.io import imsave

from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.measure.specimen_file import write_specimen
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.kinds.slip.measure import grain_files as g
from tests.kinds.slip.measure import measurement as m
from tests.kinds.slip.measure.malformed import (
    GRAINS,
    LOAD,
    SPECIMEN,
    TEST,
    assert_one_line,
    case,
    run,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def strain_file(tmp_path_factory):
    """Specimen file with strain maps."""
    folder = tmp_path_factory.mktemp("strain")
    files = m.write_vic2d(TEST, folder)
    options = StrainOptions(scale=m.SCALE, interval=m.INTERVAL, thickness=0.5)
    write_specimen(import_strain(files, options), folder / "strain.nc")
    return folder / "strain.nc"


@pytest.fixture(scope="module")
def whole_file(strain_file):
    """Specimen file with everything."""
    folder = strain_file.parent
    with xr.open_dataset(strain_file, decode_times=False) as data:
        data = data.load()
    data = add_load(data, m.write_load(folder / "load.csv", TEST), None, 0.0, None)
    path = g.write_ctf(folder / "map.ctf", g.pixel_euler())
    write_specimen(add_orientation_map(data, path, GrainOptions()), folder / "whole.nc")
    return folder / "whole.nc"


@case(GRAINS, "type .ctf")
def unknown_map_type(folder):
    (folder / "map.txt").write_text("1 2 3\n")
    return "ebsd", folder / "map.txt", []


@case(GRAINS, "Channel Text File")
def ctf_without_its_header(folder):
    (folder / "m.ctf").write_text("Phase\tX\tY\n1\t0\t0\n")
    return "ebsd", folder / "m.ctf", []


@case(GRAINS, "truncated")
def truncated_ctf(folder):
    path = g.write_ctf(folder / "m.ctf", g.pixel_euler())
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-100]) + "\n")
    return "ebsd", path, []


@case(GRAINS, "OIM scan (binary)", ".ang")
def binary_oim_scan(folder):
    (folder / "m.osc").write_bytes(bytes(range(256)))
    return "ebsd", folder / "m.osc", []


@case(GRAINS, "no pixel of a cubic crystal")
def hexagonal_crystal(folder):
    head = g.CTF_HEAD.replace(
        "3.615;3.615;3.615\t90;90;90\tCopper\t11\t225", "2.9;2.9;4.7\t90;90;120\tTitanium\t9\t194"
    )
    return "ebsd", g.write_ctf(folder / "m.ctf", g.pixel_euler(), head=head), []


@case(GRAINS, "60 x 48", "100 orientations")
def h5oina_of_other_length(folder):
    path = g.write_h5oina(folder / "m.h5oina", g.pixel_euler(), pixels=100)
    return "ebsd", path, []


@case(GRAINS, ".h5oina", "not a readable")
def truncated_h5oina(folder):
    path = g.write_h5oina(folder / "m.h5oina", g.pixel_euler())
    path.write_bytes(path.read_bytes()[:3000])
    return "ebsd", path, []


@case(GRAINS, "euler-axes", "'x,x'")
def impossible_euler_axes(folder):
    path = g.write_ctf(folder / "m.ctf", g.pixel_euler())
    return "ebsd", path, ["--euler-axes", "x,x"]


@case(GRAINS, "mirrors")
def mirroring_affine(folder):
    path = g.write_ctf(folder / "m.ctf", g.pixel_euler())
    return "ebsd", path, ["--affine", 1, 0, 0, 0, "-1", 0]


@case(GRAINS, "not on one line")
def control_points_on_a_line(folder):
    (folder / "p.csv").write_text("map_x,map_y,specimen_x,specimen_y\n0,0,0,0\n1,1,1,1\n2,2,2,2\n")
    path = g.write_ctf(folder / "m.ctf", g.pixel_euler())
    return "ebsd", path, ["--control-points", folder / "p.csv"]


@case(GRAINS, "no grain of 10000 pixels")
def grains_all_too_small(folder):
    path = g.write_ctf(folder / "m.ctf", g.pixel_euler())
    return "ebsd", path, ["--fewest-pixels", 10000]


@case(GRAINS, "no orientation for label 5")
def label_without_angles(folder):
    imsave(folder / "g.png", g.grain_pixels().astype(np.uint8), check_contrast=False)
    table = g.write_euler_table(folder / "e.csv", range(5))
    return "grains", folder / "g.png", ["--pixel", 0.02, "--euler", table]


@case(GRAINS, "whole number")
def image_of_fractions(folder):
    imsave(folder / "g.tif", g.grain_pixels().astype(np.float32), check_contrast=False)
    return "grains", folder / "g.tif", ["--pixel", 0.02]


@case(GRAINS, "gap: given -3")
def negative_gap(folder):
    return "ebsd", g.write_ctf(folder / "m.ctf", g.pixel_euler()), ["--gap", "-3"]


@case(GRAINS, "fewest-pixels: given 0")
def grains_of_no_pixel(folder):
    return "ebsd", g.write_ctf(folder / "m.ctf", g.pixel_euler()), ["--fewest-pixels", "0"]


@case(GRAINS, "threshold: given 90")
def threshold_beyond_cubic_symmetry(folder):
    return "ebsd", g.write_ctf(folder / "m.ctf", g.pixel_euler()), ["--threshold", "90"]


@case(GRAINS, "six numbers")
def affine_of_nan(folder):
    path = g.write_ctf(folder / "m.ctf", g.pixel_euler())
    return "ebsd", path, ["--affine", "nan", 0, 0, 0, 1, 0]


@case(GRAINS, "more one way than the other")
def control_points_that_do_not_fit_together(folder):
    rows = "0,0,0,0\n1,0,1,0\n0,1,0,3\n"
    (folder / "p.csv").write_text("map_x,map_y,specimen_x,specimen_y\n" + rows)
    path = g.write_ctf(folder / "m.ctf", g.pixel_euler())
    return "ebsd", path, ["--control-points", folder / "p.csv"]


@case(GRAINS, "reaches from (50", "the sheet from (0, 0) to (1, 1.5)", "--origin")
def map_beside_the_sheet(folder):
    return "ebsd", g.write_ctf(folder / "m.ctf", g.pixel_euler()), ["--origin", 50, 0]


@case(GRAINS, "(950, 1190) mm", "size of its pixels")
def pixels_in_micrometres(folder):
    imsave(folder / "g.png", g.grain_pixels().astype(np.uint8), check_contrast=False)
    return "grains", folder / "g.png", ["--pixel", 20]


@case(GRAINS, "background: given 77")
def background_that_no_pixel_has(folder):
    imsave(folder / "g.png", g.grain_pixels().astype(np.uint8), check_contrast=False)
    return "grains", folder / "g.png", ["--pixel", 0.02, "--background", 77]


@case(GRAINS, "no whole number")
def fractional_labels(folder):
    imsave(folder / "g.png", g.grain_pixels().astype(np.uint8), check_contrast=False)
    rows = "".join(f"{label + 0.5},10,20,30\n" for label in range(12))
    (folder / "e.csv").write_text("label,phi1,Phi,phi2\n" + rows)
    return "grains", folder / "g.png", ["--pixel", 0.02, "--euler", folder / "e.csv"]


@case(GRAINS, "angles beyond two turns")
def degrees_called_radians(folder):
    imsave(folder / "g.png", g.grain_pixels().astype(np.uint8), check_contrast=False)
    rows = "".join(f"{label},100,20,30\n" for label in range(12))
    (folder / "e.csv").write_text("label,phi1,Phi,phi2\n" + rows)
    options = ["--pixel", 0.02, "--euler", folder / "e.csv", "--angle-unit", "rad"]
    return "grains", folder / "g.png", options


@case(GRAINS, "1 grain(s)")
def image_of_one_grain(folder):
    imsave(folder / "g.png", np.zeros((60, 48), np.uint8), check_contrast=False)
    return "grains", folder / "g.png", ["--pixel", 0.02]


@case(LOAD, "no column of loads")
def load_without_loads(folder):
    return m.write_load(folder / "l.csv", TEST, header="time_s,voltage"), []


@case(LOAD, "unit of the load")
def load_without_unit(folder):
    return m.write_load(folder / "l.csv", TEST, header="time,load"), []


@case(LOAD, "no metal shows", "--load-unit")
def load_in_kilonewton_called_newton(folder):
    return m.write_load(folder / "l.csv", TEST, factor=1e-3), []


@case(LOAD, "tension must be positive")
def compression_positive(folder):
    return m.write_load(folder / "l.csv", TEST, factor=-1), []


@case(LOAD, "covers 0 to 0.04 s", "--time-offset")
def clock_in_other_units(folder):
    path = m.write_load(folder / "l.csv", TEST)
    table = np.loadtxt(path, delimiter=",", skiprows=1) * [1e-3, 1]
    np.savetxt(path, table, delimiter=",", header="time_s,load_N", comments="")
    return path, []


@case(LOAD, "times must ascend", "row 41")
def unsorted_load(folder):
    path = m.write_load(folder / "l.csv", TEST)
    lines = path.read_text().splitlines()
    lines[40], lines[41] = lines[41], lines[40]
    path.write_text("\n".join(lines) + "\n")
    return path, []


@case(LOAD, "unit of the load 'stone'")
def load_in_stone(folder):
    return m.write_load(folder / "l.csv", TEST, header="time_s,load_stone"), []


@case(LOAD, "'load_N' and 'load_kN' are both loads")
def two_loads(folder):
    (folder / "l.csv").write_text("time_s,load_N,load_kN\n0,0,0\n40,400,0.4\n")
    return folder / "l.csv", []


@case(LOAD, "given kN", "says N")
def unit_unlike_the_header(folder):
    return m.write_load(folder / "l.csv", TEST), ["--load-unit", "kN"]


@case(LOAD, "unit 'furlong' of column 'displacement")
def displacement_in_furlongs(folder):
    (folder / "l.csv").write_text("time_s,load_N,displacement_furlong\n0,0,0\n40,400,0.002\n")
    return folder / "l.csv", []


@case(LOAD, "displacement: not finite")
def displacement_with_a_gap(folder):
    (folder / "l.csv").write_text("time_s,load_N,displacement_mm\n0,0,0\n20,200,\n40,400,0.06\n")
    return folder / "l.csv", ["--use-displacement"]


@case(LOAD, "thickness: given -1")
def negative_thickness(folder):
    return m.write_load(folder / "l.csv", TEST), ["--thickness", "-1"]


@case(LOAD, "9 loads without times for 4 frames")
def loads_without_times(folder):
    (folder / "l.csv").write_text("load_N\n" + "100\n" * 9)
    return folder / "l.csv", []


@case(SPECIMEN, "not a readable NetCDF file")
def truncated_specimen(path):
    path.write_bytes(path.read_bytes()[:5000])


def change(path, **changes):
    with xr.open_dataset(path, decode_times=False) as data:
        data = data.load()
    for name, function in changes.items():
        data[name] = function(data[name])
    data.to_netcdf(path)


@case(SPECIMEN, "load: units 'kN'", "'N'")
def specimen_in_kilonewton(path):
    change(path, load=lambda load: (load / 1e3).assign_attrs(units="kN"))


@case(SPECIMEN, "strain: dims", "expected ('time', 'component', 'y', 'x')")
def specimen_with_transposed_strain(path):
    change(path, strain=lambda strain: strain.transpose("time", "y", "x", "component"))


@case(SPECIMEN, "three components or none")
def component_masked_alone(path):
    def mask(strain):
        strain = strain.copy()
        strain[0, 1, 3, 3] = np.nan
        return strain

    change(path, strain=mask)


@case(SPECIMEN, "grain_id", "from 0 to 11")
def grain_number_beyond_the_table(path):
    change(path, grain_id=lambda grain: grain.where(grain != 3, 77).astype("int32"))


@case(SPECIMEN, "x_mm", "must ascend")
def specimen_with_unsorted_positions(path):
    change(path, x_mm=lambda x: x[::-1].assign_attrs(units="mm"))


@case(SPECIMEN, "euler: not finite for grain 4")
def grain_without_orientation(path):
    def spoil(euler):
        euler = euler.copy()
        euler[4, 1] = np.nan
        return euler

    change(path, euler=spoil)


@case(SPECIMEN, "variable 'temperature' is not part")
def unknown_variable(path):
    with xr.open_dataset(path, decode_times=False) as data:
        data = data.load()
    data["temperature"] = ("time", data["time"].values)
    data.to_netcdf(path)


@case(SPECIMEN, "size: D is not")
def sizes_of_other_grains(path):
    change(path, size=lambda size: size[::-1].copy())


@pytest.mark.parametrize("name", GRAINS)
def test_malformed_grain_maps(name, tmp_path, monkeypatch, capsys, strain_file):
    spoil, fragments = GRAINS[name]
    verb, path, options = spoil(tmp_path)
    output = tmp_path / "specimen.nc"
    arguments = ["import", verb, path, "--specimen", strain_file, *options, "--output", output]
    assert_one_line(*run(monkeypatch, capsys, arguments), fragments)
    assert not output.exists()


@pytest.mark.parametrize("name", LOAD)
def test_malformed_loads(name, tmp_path, monkeypatch, capsys, strain_file):
    spoil, fragments = LOAD[name]
    path, options = spoil(tmp_path)
    output = tmp_path / "specimen.nc"
    arguments = ["import", "load", path, "--specimen", strain_file, *options, "--output", output]
    assert_one_line(*run(monkeypatch, capsys, arguments), fragments)
    assert not output.exists()


@pytest.mark.parametrize("name", SPECIMEN)
def test_malformed_specimen_files(name, tmp_path, monkeypatch, capsys, whole_file):
    spoil, fragments = SPECIMEN[name]
    path = tmp_path / "specimen.nc"
    path.write_bytes(whole_file.read_bytes())
    spoil(path)
    assert_one_line(*run(monkeypatch, capsys, ["import", "check", path]), fragments)


def test_an_existing_file_is_never_overwritten(tmp_path, monkeypatch, capsys, strain_file):
    path = m.write_load(tmp_path / "load.csv", TEST)
    before = strain_file.read_bytes()
    arguments = ["import", "load", path, "--specimen", strain_file, "--output", strain_file]
    assert_one_line(*run(monkeypatch, capsys, arguments), ["exists already"])
    assert strain_file.read_bytes() == before
