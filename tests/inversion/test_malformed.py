"""Fifty malformed inputs: each gives one line that names the problem, and nothing is written."""

import sys

import numpy as np
import pytest
import xarray as xr
from skimage.io import imsave

from slipfield.cli import main
from slipfield.inversion.import_grains import GrainOptions, add_orientation_map
from slipfield.inversion.importing import StrainOptions, add_load, import_strain
from slipfield.inversion.specimen_file import write_specimen
from tests.inversion import grain_files as g
from tests.inversion import measurement as m

TEST = m.Test()


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


DIC = {}
GRAINS = {}
LOAD = {}
SPECIMEN = {}


def case(table, *fragments):
    """Register a function that spoils an input under its name, with what the message must say."""

    def register(function):
        table[function.__name__.strip("_")] = (function, fragments)
        return function

    return register


def dic(files, *options):
    return ["import", "dic", *files, "--scale", m.SCALE, "--interval", m.INTERVAL, *options]


def edit(path, *pairs):
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def vic2d_with(folder, **changes):
    test = m.Test(**changes)
    return test, m.write_vic2d(test, folder)


@case(DIC, "absent.csv", "cannot be read")
def missing_file(folder):
    return dic([folder / "absent.csv"])


@case(DIC, "empty")
def empty_file(folder):
    (folder / "e.csv").write_text("")
    return dic([folder / "e.csv"])


@case(DIC, "not a text file")
def binary_file(folder):
    (folder / "b.csv").write_bytes(bytes(range(256)) * 4)
    return dic([folder / "b.csv"])


@case(DIC, "no rows")
def header_only(folder):
    files = m.write_vic2d(TEST, folder)
    files[0].write_text(files[0].read_text().splitlines()[0] + "\n")
    return dic(files)


@case(DIC, "truncated")
def truncated_text(folder):
    files = m.write_vic2d(TEST, folder)
    files[2].write_text(files[2].read_text()[:-60])
    return dic(files)


@case(DIC, "'exx'", "VIC-2D")
def no_strain_columns(folder):
    files = m.write_vic2d(TEST, folder)
    for path in files:
        edit(path, ('"exx"', '"foo"'))
    return dic(files)


@case(DIC, "specimen_003.csv", "'eyy'")
def column_missing_in_one_frame(folder):
    files = m.write_vic2d(TEST, folder)
    edit(files[2], ('"eyy"', '"foo"'))
    return dic(files)


@case(DIC, "line 5", "'abc'", "not a number")
def word_among_the_numbers(folder):
    files = m.write_vic2d(TEST, folder)
    lines = files[0].read_text().splitlines()
    lines[4] = (
        lines[4].replace("40,", "abc,", 1).replace("48,", "abc,", 1).replace("64,", "abc,", 1)
    )
    files[0].write_text("\n".join(lines))
    return dic(files)


@case(DIC, "line 4", "13 entries")
def too_many_entries(folder):
    files = m.write_vic2d(TEST, folder)
    lines = files[0].read_text().splitlines()
    lines[3] += ", 1, 2"
    files[0].write_text("\n".join(lines))
    return dic(files)


@case(DIC, "specimen_002.csv", "missing", "specimen_004.csv")
def missing_step(folder):
    files = m.write_vic2d(TEST, folder)
    return dic([files[0], files[1], files[3]])


@case(DIC, "same frame number")
def same_frame_twice(folder):
    files = m.write_vic2d(TEST, folder)
    return dic([*files, files[1]])


@case(DIC, "same place")
def two_frames_in_one_file(folder):
    files = m.write_vic2d(TEST, folder)
    body = files[1].read_text().splitlines()[1:]
    files[0].write_text(files[0].read_text() + "\n".join(body) + "\n")
    return dic(files)


@case(DIC, "off a regular grid")
def deformed_positions(folder):
    files = m.write_vic2d(TEST, folder)
    edit(files[0], ("\n48, 24,", "\n50.5, 24,"))
    return dic(files)


@case(DIC, "interval")
def no_times(folder):
    files = m.write_vic2d(TEST, folder)
    return ["import", "dic", *files, "--scale", m.SCALE]


@case(DIC, "3 times for 4 frames")
def too_few_times(folder):
    (folder / "times.txt").write_text("10\n20\n30\n")
    files = m.write_vic2d(TEST, folder)
    return ["import", "dic", *files, "--scale", m.SCALE, "--times", folder / "times.txt"]


@case(DIC, "time", "sort the frames")
def unsorted_times(folder):
    (folder / "times.txt").write_text("10\n30\n20\n40\n")
    files = m.write_vic2d(TEST, folder)
    return ["import", "dic", *files, "--scale", m.SCALE, "--times", folder / "times.txt"]


@case(DIC, "--scale", "pixels")
def no_scale(folder):
    return ["import", "dic", *m.write_vic2d(TEST, folder), "--interval", 1]


@case(DIC, "mm already")
def scale_for_calibrated_positions(folder):
    return dic(m.write_vic2d_calibrated(TEST, folder))


@case(DIC, "above 0")
def negative_scale(folder):
    return [*dic(m.write_vic2d(TEST, folder)), "--scale", "-1"]


@case(DIC, "--strain-unit percent")
def strain_in_percent(folder):
    test = m.Test()
    test.strain = 100 * TEST.strain
    return dic(m.write_vic2d(test, folder))


@case(DIC, "--load-axis x")
def swapped_axes(folder):
    test = m.Test()
    test.strain = TEST.strain[:, [1, 0, 2]]
    return dic(m.write_vic2d(test, folder))


@case(DIC, "do not fit")
def sheet_smaller_than_the_points(folder):
    return dic(m.write_vic2d(TEST, folder), "--sheet", 0.5, 1.5)


@case(DIC, "displacement", "20 %", "strain maps show 4 %")
def displacement_in_other_units(folder):
    test = m.Test()
    test.u, test.v = 5 * TEST.u, 5 * TEST.v
    return dic(m.write_vic2d(test, folder))


@case(DIC, "masked")
def nan_islands(folder):
    lost = [(1, row, column) for row in range(18) for column in range(21)]
    return dic(vic2d_with(folder, lost=lost)[1])


@case(DIC, "no point with a result")
def lost_frame(folder):
    lost = [(2, *place) for place in np.ndindex(31, 21)]
    return dic(vic2d_with(folder, lost=lost)[1])


@case(DIC, "zero everywhere")
def no_deformation(folder):
    test = m.Test()
    test.strain = 0 * TEST.strain
    return dic(m.write_vic2d(test, folder))


@case(DIC, "strain measure", "'lagrange'")
def unknown_measure(folder):
    return dic(m.write_vic2d(TEST, folder), "--strain-measure", "lagrange")


@case(DIC, "--strain-measure")
def measure_not_in_the_file(folder):
    return dic(m.write_matchid(TEST, folder))


@case(DIC, "format", "'aramis'")
def unknown_format(folder):
    return dic(m.write_vic2d(TEST, folder), "--format", "aramis")


@case(DIC, "ncorr.mat", "not a readable")
def truncated_mat(folder):
    (path,) = m.write_ncorr(TEST, folder)
    path.write_bytes(path.read_bytes()[:2000])
    return ["import", "dic", path, "--interval", 1]


@case(DIC, "different shapes")
def mismatched_shapes(folder):
    from scipy.io import loadmat, savemat

    files = m.write_vic2d_mat(TEST, folder)
    content = loadmat(files[0])
    savemat(files[0], {n: a for n, a in content.items() if n[0] != "_"} | {"exx": np.zeros((3, 3))})
    return dic(files)


@case(DIC, "Ncorr", "calculate strains")
def ncorr_without_strains(folder):
    from scipy.io import savemat

    content = m.ncorr_content(TEST)
    savemat(folder / "n.mat", {"data_dic_save": {"dispinfo": content["dispinfo"]}})
    return ["import", "dic", folder / "n.mat", "--interval", 1]


@case(DIC, "'right'", "left, right")
def outline_without_an_edge(folder):
    (folder / "o.csv").write_text("y,left\n0,0\n1.5,0\n")
    return dic(m.write_vic2d(TEST, folder), "--outline", folder / "o.csv")


@case(DIC, "outline_y", "0 to 1.5 mm")
def outline_too_short(folder):
    (folder / "o.csv").write_text("y,left,right\n0,0,1\n0.7,0,1\n")
    return dic(m.write_vic2d(TEST, folder), "--outline", folder / "o.csv")


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


@case(GRAINS, "hexagonal")
def hexagonal_ang(folder):
    return "ebsd", g.write_ang(folder / "m.ang", g.pixel_euler(), "HexGrid"), []


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


def run(monkeypatch, capsys, arguments):
    monkeypatch.setattr(sys, "argv", ["slipfield", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code, capsys.readouterr()


def assert_one_line(code, captured, fragments):
    assert code == 2
    assert captured.out == ""
    assert captured.err.startswith("slipfield: error: ")
    assert captured.err.count("\n") == 1, captured.err
    for fragment in fragments:
        assert fragment in captured.err


def test_there_are_fifty_cases():
    assert len({**DIC, **GRAINS, **LOAD, **SPECIMEN}) >= 50


@pytest.mark.parametrize("name", DIC)
def test_malformed_strain_maps(name, tmp_path, monkeypatch, capsys):
    spoil, fragments = DIC[name]
    arguments = spoil(tmp_path)
    output = tmp_path / "specimen.nc"
    assert_one_line(*run(monkeypatch, capsys, [*arguments, "--output", output]), fragments)
    assert not output.exists()


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
