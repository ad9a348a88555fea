"""Load tables as testing machines and spreadsheets write them."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers import load_formats, load_table

BLUEHILL = """"Test date","2024-01-01"
"Specimen label","1"
"General : Start date","Friday, March 1, 2024"
"Width","5.0","mm"

"Time","Extension","Load"
"(s)","(mm)","(kN)"
"0.00000","0.00000","0.00000"
"1.00000","0.05000","0.10000"
"2.00000","0.10000","0.20000"
"""
BLUEHILL_RESULTS = """"Results Table 1"
,"Maximum Load (N)","Tensile strain at Break (%)"
"1","1234.5","5.2"

"Time (s)","Extension (mm)","Load (N)","Tensile strain (%)","Tensile stress (MPa)"
"0","0","0","0","0"
"1","0.05","100","1","20"
"2","0.1","200","2","40"
"""
BLUEHILL_GERMAN = """"Prüfdatum";"01.02.2024"
"Probenbreite";"4,90";"mm"

"Zeit";"Traverse";"Kraft"
"(s)";"(mm)";"(kN)"
"0,00";"0,000";"0,00"
"1,00";"0,050";"0,10"
"2,00";"0,100";"0,20"
"""
ZWICK = """"Specimen thickness",1.5,"mm"
"Specimen width",4.9,"mm"
"Time","Crosshead absolute","Standard travel","Standard force"
"s","mm","mm","N"
0,1190.0,0.0,0
1,1190.05,0.05,100
2,1190.1,0.1,200
"""
ZWICK_GERMAN = """"Probendicke";1,5;"mm"
"Prüfzeit";"Standardweg";"Standardkraft"
"s";"mm";"N"
0;0;0
1;0,05;100
2;0,1;200
"""
TESTWORKS = "Crosshead \tLoad \tTime \nmm\tN\ts\n0.000\t0.0\t0.0\n0.05\t100\t1\n0.1\t200\t2\n"
MTS_793 = """MTS793|MPT|ENU|1|2|.|/|:|1|0|0|A
Station Name: bench.cfg
Test File Name: specimen.000

Data Acquisition: Timed\t\tTime:\t54.32\tSec
Axial Count\tAxial Displacement\tAxial Force\tAxial Strain\tTime
segments\tmm\tkN\tmm/mm\tSec
1\t0.0\t0.0\t0\t0
1\t0.05\t0.1\t0.001\t1

Data Acquisition: Timed\t\tTime:\t60\tSec
Axial Count\tAxial Displacement\tAxial Force\tAxial Strain\tTime
segments\tmm\tkN\tmm/mm\tSec
1\t0.1\t0.2\t0.002\t2
"""
TABLES = {
    "Bluehill": BLUEHILL,
    "Bluehill with results": BLUEHILL_RESULTS,
    "Bluehill in German": BLUEHILL_GERMAN,
    "testXpert": ZWICK,
    "testXpert in German": ZWICK_GERMAN,
    "TestWorks": TESTWORKS,
    "MTS 793, two blocks": MTS_793,
    "units in a second line": "Time,Extension,Load\n(s),(mm),(N)\n0,0,0\n1,0.05,100\n2,0.1,200\n",
    "sec": "Time (sec),Crosshead (mm),Load (N)\n0,0,0\n1,0.05,100\n2,0.1,200\n",
    "French": "Temps (s);Déplacement (mm);Charge (N)\n0;0;0\n1;0,05;100\n2;0,1;200\n",
    "Zeit in s": "Zeit in s\tWeg in mm\tKraft in kN\n0\t0\t0\n1\t0,05\t0,1\n2\t0,1\t0,2\n",
    "Zeit/s": "Zeit/s;Weg/um;Kraft/N\n0;0;0\n1;50;100\n2;100;200\n",
    "commented header": "# bench 3\n# Time (s)\tExtension (mm)\tLoad (N)\n0\t0\t0\n1\t0.05\t100\n"
    "2\t0.1\t200\n",
    "clock": "Time,Extension (mm),Load (N)\n00:00:00,0,0\n00:00:01.0,0.05,100\n00:00:02,0.1,200\n",
    "thousands": 'Time (ms),Extension (mm),Load (N)\n0,0,0\n"1,000",0.05,100\n"2,000",0.1,200\n',
    "pounds and inches": "time_s,extension_in,load_lbf\n0,0,0\n1,0.0019685039,22.480894\n"
    "2,0.0039370079,44.961789\n",
    "WaveMatrix": "Total Time (s),Displacement(Linear:Digital Position) (mm),"
    "Force(Linear:Load) (kN)\n0,0,0\n1,0.05,0.1\n2,0.1,0.2\n",
    "row of commas": "time_s,extension_mm,load_N\n0,0,0\n1,0.05,100\n2,0.1,200\n,,\n\n",
    "a time twice": "time_s,extension_mm,load_N\n0,0,0\n1,0.05,100\n1,0.05,100\n2,0.1,200\n",
    "footer": "time_s,extension_mm,load_N\n0,0,0\n1,0.05,100\n2,0.1,200\n\nEnd\nBreak: yes\n",
    "Bluehill in German, new names": "Zeit;Verschiebung;Kraft\n(s);(mm);(kN)\n0;0;0\n1;0,05;0,1\n"
    "2;0,1;0,2\n",
    "command beside feedback": "Running Time\tAxial Force Command\tAxial Force\t"
    "Axial Displacement\nSec\tkN\tkN\tmm\n0\t9\t0\t0\n1\t9\t0.1\t0.05\n2\t9\t0.2\t0.1\n",
    "channel known by its unit": "Count;Time_0 [ms];Time_1 [ms];Dev1/ai0 [N];Weg [mm]\n0;0;5;0;0\n"
    "1;1000;5;100;0,05\n2;2000;5;200;0,1\n",
    "dates": "Zeit;Weg (mm);Kraft (N)\n31.12.2024 10:00:05;0;0\n31.12.2024 10:00:06;0,05;100\n"
    "31.12.2024 10:00:07;0,1;200\n",
    "dates over midnight": "Time,Extension (mm),Load (N)\n12/31/2024 11:59:58 PM,0,0\n"
    "12/31/2024 11:59:59 PM,0.05,100\n1/1/2025 12:00:00 AM,0.1,200\n",
    "remark at the end": "time_s,extension_mm,load_N\n0,0,0\n1,0.05,100\n2,0.1,200\n# end\n",
    "WaveMatrix, controller 8800": '"Total Time (s)","Position(8800 (0,1):Position) (mm)",'
    '"Load(8800 (0,1):Load) (kN)"\n0,0,0\n1,0.05,0.1\n2,0.1,0.2\n',
    "time of any name": "Zeit  1 - Standardmessrate [s]\tWeg [mm]\tF_machine [kN]\n0\t0\t0\n"
    "1\t0,05\t0,1\n2\t0,1\t0,2\n",
    "Spanish": "Tiempo (s);Carga (N);Extension (mm)\n0;0;0\n1;100;0,05\n2;200;0,1\n",
    "strain of the extensometer": "Crosshead (mm),Load (N),Time (s),Extensometer (mm/mm)\n"
    "0,0,0,0\n0.05,100,1,0.001\n0.1,200,2,0.002\n",
    "remark between the rows": "time_s,extension_mm,load_N\n0,0,0\n# pause\n1,0.05,100\n"
    "2,0.1,200\n",
    "clock of twelve hours": "Time,Extension (mm),Load (N)\n11:59:59 AM,0,0\n12:00:00 PM,0.05,100\n"
    "12:00:01 PM,0.1,200\n",
    "LabVIEW": "X_Value\tForce (N)\tExtension (mm)\tComment\n0\t0\t0\n1\t100\t0.05\n2\t200\t0.1\n",
    "testXpert in English": '"Test time","Strain / Deformation","Standard force"\n"s","mm","N"\n'
    "0,0,0\n1,0.05,100\n2,0.1,200\n",
    "extension known by its unit": "Tempo (s);Corsa (mm);Carico (N);Spessore (mm)\n0;0;0;1,5\n"
    "1;0,05;100;1,5\n2;0,1;200;1,5\n",
    "another channel": "time_s,extension_mm,load_N,Temp (C),note\n0,0,0,20,\n1,0.05,100,20,\n"
    "2,0.1,200,20,\n",
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_tables_give_newtons_seconds_and_millimetres(name, encoding, tmp_path):
    path = tmp_path / "load.CSV"
    path.write_bytes(TABLES[name].replace("\n", "\r\n").encode(encoding))
    curve = load_table.read(path, None)
    np.testing.assert_allclose(curve.time - curve.time[0], [0, 1, 2])
    np.testing.assert_allclose(curve.load, [0, 100, 200], rtol=1e-6)
    np.testing.assert_allclose(curve.displacement, [0, 0.05, 0.1], rtol=1e-6)
    assert not curve.is_stress


def test_the_decimal_sign_of_a_spreadsheet_is_that_of_all_rows(tmp_path):
    (tmp_path / "l.csv").write_text("time_s;load_N\n0;0\n0,5;50,25\n1,5;150,25\n")
    curve = load_table.read(tmp_path / "l.csv", None)
    np.testing.assert_allclose(curve.time, [0, 0.5, 1.5])
    np.testing.assert_allclose(curve.load, [0, 50.25, 150.25])


@pytest.mark.parametrize(
    ("entries", "load"),
    [
        (["1.234,5", "2.000,0"], [1234.5, 2000]),
        (["1'234.5", "2'000"], [1234.5, 2000]),
        (["1\N{NO-BREAK SPACE}234,5", "2000,0"], [1234.5, 2000]),
        (["0,125", "1,250"], [0.125, 1.25]),
        (["1 234,5", "12 000,25"], [1234.5, 12000.25]),
        (["\N{MINUS SIGN}0,5", "1,5"], [-0.5, 1.5]),
    ],
)
def test_groups_of_thousands(entries, load, tmp_path):
    rows = [f"{i};{entry}" for i, entry in enumerate(entries)]
    (tmp_path / "l.csv").write_text("time_s;load_N\n" + "\n".join(rows), encoding="utf-8")
    np.testing.assert_allclose(load_table.read(tmp_path / "l.csv", None).load, load)


def test_points_and_commas_in_one_table_are_refused(tmp_path):
    (tmp_path / "l.csv").write_text("time_s;load_N\n0.5;0,5\n1.5;1,25\n")
    with pytest.raises(SlipfieldError, match="decimal points and decimal commas"):
        load_table.read(tmp_path / "l.csv", None)


def test_force_goes_before_stress_and_extension_before_crosshead(tmp_path):
    text = "Time (s),Crosshead (mm),Stress (MPa),Extension (mm),Load (N)\n0,0,0,0,0\n1,9,8,7,6\n"
    (tmp_path / "l.csv").write_text(text)
    curve = load_table.read(tmp_path / "l.csv", None)
    assert (curve.load[1], curve.displacement[1], curve.is_stress) == (6, 7, False)
    assert curve.displacement_name == "Extension"
    (tmp_path / "s.csv").write_text("time_s,stress_N/mm2\n0,0\n1,5\n")
    assert load_table.read(tmp_path / "s.csv", None).is_stress


def test_a_channel_that_was_not_read_once_is_left_out(tmp_path):
    rows = [f"{i},{10 * i}" for i in range(40)]
    rows[7] = "7,-nan(ind)"
    (tmp_path / "l.csv").write_text("time_s,load_N\n" + "\n".join(rows))
    curve = load_table.read(tmp_path / "l.csv", None)
    np.testing.assert_allclose(curve.load, [10 * i for i in range(40) if i != 7])
    rows[8:14] = [f"{i},-nan(ind)" for i in range(8, 14)]
    (tmp_path / "l.csv").write_text("time_s,load_N\n" + "\n".join(rows))
    with pytest.raises(SlipfieldError, match="not a number in row"):
        load_table.read(tmp_path / "l.csv", None)


def test_columns_are_named_where_no_load_is_among_them(tmp_path):
    (tmp_path / "l.csv").write_text("time_s,voltage\n0,0\n1,1\n")
    with pytest.raises(SlipfieldError, match="'time_s', 'voltage'"):
        load_table.read(tmp_path / "l.csv", None)


def test_a_clock_passes_midnight(tmp_path):
    rows = [f"{clock},{10 * i}" for i, clock in enumerate(("23:59:59", "00:00:00", "00:00:01"))]
    (tmp_path / "l.csv").write_text("Time,Load (N)\n" + "\n".join(rows))
    curve = load_table.read(tmp_path / "l.csv", None)
    np.testing.assert_allclose(np.diff(curve.time), 1)


def test_two_columns_with_a_unit_of_time_are_asked_about(tmp_path):
    (tmp_path / "l.csv").write_text("Step (s),Whole (s),Load (N)\n0,0,0\n1,1,100\n")
    with pytest.raises(SlipfieldError, match="'Step' and 'Whole' have a unit of time"):
        load_table.read(tmp_path / "l.csv", None)


@pytest.mark.parametrize("place", ["first line", "end"])
def test_zeros_that_programs_or_crashes_leave_are_no_text(place, tmp_path):
    text = "time_s,load_N\r\n0,0\r\n1,100\r\n"
    text = text + 600 * "\0" if place == "end" else text.replace("\r\n", "\0\r\n", 1)
    (tmp_path / "l.csv").write_bytes(text.encode())
    np.testing.assert_allclose(load_table.read(tmp_path / "l.csv", None).load, [0, 100])


def test_several_tests_in_one_table_are_called_so(tmp_path):
    block = "Time,Load (N)\n" + "".join(f"{i},{10 * i}\n" for i in range(5))
    (tmp_path / "l.csv").write_text(f"Specimen 1\n{block}\nSpecimen 2\n{block}")
    with pytest.raises(SlipfieldError, match="several tests or segments"):
        load_table.read(tmp_path / "l.csv", None)


PROGRAMS = {
    "Instron Bluehill or WaveMatrix": (BLUEHILL, BLUEHILL_RESULTS, TABLES["WaveMatrix"]),
    "ZwickRoell testXpert": (ZWICK, ZWICK_GERMAN),
    "MTS": (MTS_793,),
    "a table": (TESTWORKS, TABLES["sec"], TABLES["row of commas"]),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_program_of_a_table_is_told(program, tmp_path):
    for text in PROGRAMS[program]:
        (tmp_path / "l.csv").write_text(text, encoding="cp1252")
        curve, found = load_formats.read(tmp_path / "l.csv", None)
        assert found == program
        np.testing.assert_allclose(curve.load, [0, 100, 200])


@pytest.mark.parametrize(
    "text",
    [
        '"Specimen label","1"\n"Time","Position","Load"\n"(s)","(mm)","(N)"\n{rows}',
        "Prüfzeit,Crosshead absolute,Standard force\ns,mm,N\n{rows}",
        "MTS793|MPT|ENU|1\nData Acquisition: Timed\nTime,Axial Displacement,Axial Force\nSec,mm,N\n"
        "{rows}",
        "time_s,crosshead_position_mm,load_N\n{rows}",
    ],
)
def test_places_in_the_frame_count_from_the_first(text, tmp_path):
    text = text.format(rows="0,1190.5,0\n1,1190.55,100\n2,1190.6,200\n")
    (tmp_path / "l.csv").write_text(text, encoding="utf-8")
    curve, _ = load_formats.read(tmp_path / "l.csv", None)
    np.testing.assert_allclose(curve.displacement, [0, 0.05, 0.1], atol=1e-9)


def test_an_extension_keeps_its_start(tmp_path):
    (tmp_path / "l.csv").write_text("time_s,extension_mm,load_N\n0,0.02,0\n1,0.07,100\n")
    curve, _ = load_formats.read(tmp_path / "l.csv", None)
    np.testing.assert_allclose(curve.displacement, [0.02, 0.07])


def test_a_workbook_is_called_so(tmp_path):
    (tmp_path / "l.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(SlipfieldError, match="Excel workbook"):
        load_formats.read(tmp_path / "l.xlsx", None)
