"""Malformed strain maps: each gives one line that names the problem, and nothing is written."""

import numpy as np
import pytest

from tests.kinds.slip.measure import measurement as m
from tests.kinds.slip.measure import test_malformed_parts as parts
from tests.kinds.slip.measure.malformed import DIC, TEST, assert_one_line, case, edit, run

pytestmark = pytest.mark.slow


def dic(files, *options):
    return ["import", "dic", *files, "--scale", m.SCALE, "--interval", m.INTERVAL, *options]


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


@case(DIC, "columns of x and y are exchanged")
def swapped_axes(folder):
    test = m.Test()
    test.strain = TEST.strain[:, [1, 0, 2]]
    return dic(m.write_vic2d(test, folder))


@case(DIC, "do not fit")
def sheet_smaller_than_the_points(folder):
    return dic(m.write_vic2d(TEST, folder), "--sheet", 0.5, 1.5)


@case(DIC, "displacements show 22 %", "strain: 4.08 %", "--scale")
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


def gom(folder, *pairs):
    files = m.write_gom(TEST, folder)
    for path in files:
        text = path.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    return ["import", "dic", *files, "--strain-measure", "engineering"]


@case(DIC, "10.500 s.csv", "'epsilon_xy'", "strain X, Y and XY")
def gom_without_shear(folder):
    return gom(folder, ("epsilon_xy", "thickness_strain"))


@case(DIC, "specimen_001.csv", "no table of the stage", "GOM Correlate")
def other_program_called_gom(folder):
    return [*dic(m.write_vic2d(TEST, folder)), "--format", "gom"]


@case(DIC, "starts with 'id'")
def gom_without_points(folder):
    return gom(folder, ("id;x;y", "name;x;y"))


@case(DIC, "no index and time", "export the file again")
def gom_stage_without_index(folder):
    return gom(folder, ("stage;index", "stage;number"))


@case(DIC, "unit 'furlong' of column 'x'", "metric")
def gom_in_furlongs(folder):
    return gom(folder, ("length:mm", "length:furlong"))


@case(DIC, "10.500 s.csv", "unit 'day' of the time", "min or h")
def gom_in_days(folder):
    return gom(folder, ("time:s", "time:day"))


@case(DIC, "20.500 s.csv", "missing", "40.500 s.csv")
def gom_missing_stage(folder):
    arguments = gom(folder)
    return [*arguments[:4], *arguments[5:]]


@case(DIC, "--strain-measure")
def gom_measure_not_in_the_file(folder):
    return gom(folder)[:-2]


@case(DIC, "on a line")
def gom_along_a_line(folder):
    (path,) = m.write_gom(m.Test(nx=1, elongation=(0.01,), lost=[]), folder)
    return ["import", "dic", path]


@case(DIC, "'right'", "left, right")
def outline_without_an_edge(folder):
    (folder / "o.csv").write_text("y,left\n0,0\n1.5,0\n")
    return dic(m.write_vic2d(TEST, folder), "--outline", folder / "o.csv")


@case(DIC, "outline_y", "0 to 1.5 mm")
def outline_too_short(folder):
    (folder / "o.csv").write_text("y,left,right\n0,0,1\n0.7,0,1\n")
    return dic(m.write_vic2d(TEST, folder), "--outline", folder / "o.csv")


@case(DIC, "'exx' is there 2 times")
def column_twice(folder):
    files = m.write_vic2d(TEST, folder)
    edit(files[0], ('"e1"', '"exx"'))
    return dic(files)


@case(DIC, "specimen_002.csv", "row 5 has 5 entries, the others 11")
def short_row(folder):
    files = m.write_vic2d(TEST, folder)
    lines = files[1].read_text().splitlines()
    lines[5] = ", ".join(lines[5].split(", ")[:5])
    files[1].write_text("\n".join(lines))
    return dic(files)


@case(DIC, "line 3", "infinite")
def infinite_strain(folder):
    files = m.write_vic2d(TEST, folder)
    lines = files[0].read_text().splitlines()
    lines[2] = lines[2].replace(lines[2].split(", ")[6], "1e400")
    files[0].write_text("\n".join(lines))
    return dic(files)


@case(DIC, "unit 'furlong' of column 'X'", "metric")
def positions_in_furlongs(folder):
    files = m.write_vic2d_calibrated(TEST, folder)
    for path in files:
        edit(path, ("X [mm]", "X [furlong]"))
    return ["import", "dic", *files, "--interval", 1]


@case(DIC, "0.0408 % along the load", "displacements show 4.08 %", "units of", "strains")
def plain_strain_called_percent(folder):
    return dic(m.write_vic2d(TEST, folder), "--strain-unit", "percent")


@case(DIC, "given percent", "says '%'")
def unit_of_strain_given_twice(folder):
    files = m.write_vic2d_calibrated(TEST, folder)
    for path in files:
        edit(path, ("[1]", "[%]"))
    return ["import", "dic", *files, "--interval", 1, "--strain-unit", "percent"]


@case(DIC, "interval")
def endless_interval(folder):
    files = m.write_vic2d(TEST, folder)
    return ["import", "dic", *files, "--scale", m.SCALE, "--interval", "inf"]


@case(DIC, "unit 'days' of column 'time")
def times_in_days(folder):
    (folder / "times.csv").write_text("time_days\n1\n2\n3\n4\n")
    files = m.write_vic2d(TEST, folder)
    return ["import", "dic", *files, "--scale", m.SCALE, "--times", folder / "times.csv"]


@case(DIC, "span 1 mm of the sheet's width of 10 mm")
def sheet_much_larger_than_the_points(folder):
    return dic(m.write_vic2d(TEST, folder), "--sheet", 10, 15)


@case(DIC, "1000 mm wide on average", "sheet 1 mm")
def outline_in_micrometres(folder):
    (folder / "o.csv").write_text("y,left,right\n0,0,1000\n1.5,0,1000\n")
    return dic(m.write_vic2d(TEST, folder), "--outline", folder / "o.csv")


@case(DIC, "thickness_mm", "positive")
def no_thickness_at_all(folder):
    return dic(m.write_vic2d(TEST, folder), "--thickness", 0)


def test_the_list_of_malformed_inputs_is_as_long_as_promised():
    tables = DIC, parts.GRAINS, parts.LOAD, parts.SPECIMEN
    assert sum(map(len, tables)) >= 80
    functions = {function for table in tables for function, _ in table.values()}
    assert len(functions) == sum(map(len, tables))


@pytest.mark.parametrize("name", DIC)
def test_malformed_strain_maps(name, tmp_path, monkeypatch, capsys):
    spoil, fragments = DIC[name]
    arguments = spoil(tmp_path)
    output = tmp_path / "specimen.nc"
    assert_one_line(*run(monkeypatch, capsys, [*arguments, "--output", output]), fragments)
    assert not output.exists()
