"""What of a file is the test: habits of programs, and what happens to specimens on the way."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.laws import Voce
from slipfield.kinds.curves.mismatch import mismatches
from slipfield.kinds.curves.reading import read_test
from slipfield.kinds.curves.uniaxial import necking, stress_at

E = 205e3
LAW = Voce(318.0, 419.0, 5.84)
TRUE = np.concatenate(
    [np.linspace(0, 0.004, 50), np.linspace(0.0045, 1.1 * necking(LAW, E).true_strain, 300)]
)
CAUCHY = stress_at(LAW, E, TRUE)
STRAIN, STRESS = np.expm1(TRUE), CAUCHY * np.exp(-TRUE)
TOP = int(STRESS.argmax())
HALF = 200
"""A row in the middle of the hardening."""


def written(path, header, *columns, by=",", decimal="."):
    """A file with a header and columns of numbers."""
    rows = [
        by.join(f"{v:.9g}".replace(".", decimal) for v in row) for row in zip(*columns, strict=True)
    ]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


TIME = np.arange(len(STRAIN))
HABITS = {
    "true": ("true_strain,true_stress_MPa", TRUE, CAUCHY),
    "true per cent": ("True strain (%),True stress (GPa)", 100 * TRUE, CAUCHY / 1e3),
    "engineering strain, true stress": ("Strain,True stress (MPa)", STRAIN, CAUCHY),
    "both, true first": (
        "true_strain,true_stress_MPa,engineering_strain,engineering_stress_MPa",
        TRUE,
        CAUCHY,
        STRAIN,
        STRESS,
    ),
    "short": ("Eng. strain [-],Eng. stress [MPa],True strain [-]", STRAIN, STRESS, TRUE),
    "units below": (
        '"Time","Extension","Load","Tensile strain (Extension)","Tensile stress"\n'
        '"(s)","(mm)","(N)","(mm/mm)","(MPa)"',
        TIME,
        50 * STRAIN,
        60 * STRESS,
        STRAIN,
        STRESS,
    ),
    "numbered": ("Time (s),Load (kN),Strain 1 (%),Tensile stress (MPa)",)
    + (TIME, 0.06 * STRESS, 100 * STRAIN, STRESS),
    "slashes": ("Strain / %,Stress / MPa", 100 * STRAIN, STRESS),
    "kilopond": ("strain_%,stress_kgf/mm2", 100 * STRAIN, STRESS / 9.80665),
    "elongation in per cent": ("Elongation (%),Stress (MPa)", 100 * STRAIN, STRESS),
    "stress by its unit": ("Dehnung,R\n%,MPa", 100 * STRAIN, STRESS),
    "Greek": ("\u03b5 (1),\u03c3 (MPa)", STRAIN, STRESS),
    "facts before": (
        "Gauge length: 50 mm\nArea = 60 mm2\nOperator: X\nstrain,stress_MPa",
        STRAIN,
        STRESS,
    ),
    "sign of the machine": ("strain,stress_MPa", STRAIN, -STRESS),
    "travel of the machine": ("strain,stress_MPa", -STRAIN, STRESS),
    "backwards": ("strain,stress_MPa", STRAIN[::-1], STRESS[::-1]),
}


@pytest.mark.parametrize("habit", HABITS)
def test_one_test_in_the_habits_of_programs(tmp_path, habit):
    test = read_test(written(tmp_path / "t.csv", *HABITS[habit]))
    np.testing.assert_allclose(test.strain, STRAIN[: TOP + 1], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(test.stress_MPa, STRESS[: TOP + 1], rtol=1e-6, atol=1e-5)
    assert test.strength_MPa == pytest.approx(STRESS[TOP], rel=1e-6)
    assert not test.strains_end_early


LENGTH, AREA = 50.0, 60.0
OF_LOADS = {
    "length": ("Force (N),Length (mm)", AREA * STRESS, LENGTH * (1 + STRAIN)),
    "place of the crosshead": ("Stroke (mm),Load (N)", 37 + LENGTH * STRAIN, AREA * STRESS),
    "strain left empty": ("strain,extension_mm,load_N", np.nan * STRAIN, LENGTH * STRAIN)
    + (AREA * STRESS,),
    "strain at rest": ("strain,extension_mm,load_N", 0 * STRAIN, LENGTH * STRAIN, AREA * STRESS),
}


@pytest.mark.parametrize("habit", OF_LOADS)
def test_extension_and_load(tmp_path, habit):
    path = written(tmp_path / "t.csv", *OF_LOADS[habit])
    test = read_test(path, LENGTH, AREA)
    np.testing.assert_allclose(test.strain, STRAIN[: TOP + 1], rtol=1e-6, atol=1e-7)
    assert mismatches(test, Datasheet(322, 497, 205)) == []


def test_options_that_a_file_leaves_nothing_to_do_are_named(tmp_path):
    path = written(tmp_path / "t.csv", "strain,stress_MPa", STRAIN, STRESS)
    sheet = Datasheet(322, 497, 205)
    found = mismatches(read_test(path, LENGTH, AREA), sheet)
    assert found == [
        "gauge-length not used: the file has its own strain",
        "area not used: the file has its own stress",
    ]
    path = written(tmp_path / "t.csv", "strain,load_N", STRAIN, AREA * STRESS)
    assert mismatches(read_test(path, None, AREA), sheet) == []


def test_a_stress_without_a_unit_takes_the_given_one(tmp_path):
    path = written(tmp_path / "t.csv", "strain,stress", STRAIN, STRESS / 1e3)
    assert read_test(path, load_unit="GPa").strength_MPa == pytest.approx(STRESS[TOP], rel=1e-6)
    with pytest.raises(SlipfieldError, match="unit 'missing' of column 'stress'"):
        read_test(path, load_unit="kN")


@pytest.mark.parametrize(
    "header",
    [
        "Technische Dehnung [%];Nennspannung [N/mm\u00b2]",
        "Dehnung;Spannung\n%;MPa",
        "D\u00e9formation (%);Contrainte (MPa)",
    ],
)
def test_german_and_french_files(tmp_path, header):
    path = written(tmp_path / "t.csv", header, 100 * STRAIN, STRESS, by=";", decimal=",")
    test = read_test(path)
    np.testing.assert_allclose(test.strain, STRAIN[: TOP + 1], rtol=1e-6, atol=1e-9)


def test_unloadings_leave_the_envelope(tmp_path):
    """One in the middle and one at the end."""
    share = np.linspace(0, 1, 20)
    elastic = STRESS[HALF] / E
    strain = np.concatenate(
        [
            STRAIN[:HALF],
            STRAIN[HALF] - share * elastic,
            STRAIN[HALF] - elastic + share * elastic,
            STRAIN[HALF:],
            STRAIN[-1] - share * STRESS[-1] / E,
        ]
    )
    down, up = STRESS[HALF] * (1 - share), STRESS[HALF] * share
    stress = np.concatenate([STRESS[:HALF], down, up, STRESS[HALF:], STRESS[-1] * (1 - share)])
    test = read_test(written(tmp_path / "t.csv", "strain,stress_MPa", strain, stress))
    assert test.strain[-1] == pytest.approx(STRAIN[TOP])
    wanted = np.interp(test.strain, STRAIN, STRESS)
    np.testing.assert_allclose(test.stress_MPa, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "after",
    [np.full(len(STRAIN), STRAIN[HALF]), np.zeros(len(STRAIN)), STRAIN - 0.01],
    ids=["stands", "off", "slips"],
)
def test_an_extensometer_that_does_not_stay_ends_the_strains_not_the_strength(tmp_path, after):
    strain = np.where(TIME < HALF, STRAIN, after)
    test = read_test(written(tmp_path / "t.csv", "strain,stress_MPa", strain, STRESS))
    assert test.strains_end_early
    assert test.strain[-1] == pytest.approx(STRAIN[HALF], abs=0.002)
    assert test.strength_MPa == pytest.approx(STRESS[TOP])
    sheet = test.datasheet(205.0)
    assert sheet.uniform_elongation is None
    assert sheet.strength_MPa == pytest.approx(STRESS[TOP])
    (doubt,) = mismatches(test, Datasheet(322, 497, 205))
    assert "before its largest stress" in doubt


def test_noise_of_the_extensometer_is_no_slip(tmp_path):
    true = np.linspace(0, TRUE[-1], 3000)
    strain = np.expm1(true) + np.random.default_rng(0).normal(0, 1e-3, len(true))
    stress = stress_at(LAW, E, true) * np.exp(-true)
    test = read_test(written(tmp_path / "t.csv", "strain,stress_MPa", strain, stress))
    assert not test.strains_end_early
    assert test.strain[-1] == pytest.approx(STRAIN[TOP], abs=5e-3)


def test_the_strength_is_that_after_an_upper_yield_point(tmp_path):
    stress = STRESS.copy()
    stress[43:52] = [1.3, 1.6, 1.62, 1.6, 1.5, 1.4, 1.2, 1.0, 1.0] * stress[43:52]
    assert stress.argmax() < HALF
    test = read_test(written(tmp_path / "t.csv", "strain,stress_MPa", STRAIN, stress))
    assert test.strain[-1] == pytest.approx(STRAIN[TOP])


def test_a_metal_that_necks_at_once_keeps_its_maximum(tmp_path):
    """Nothing rises again after it."""
    strain = np.linspace(0, 0.1, 400)
    stress = np.minimum(E * strain, 900 - 1500 * np.abs(strain - 0.006))
    test = read_test(written(tmp_path / "t.csv", "strain,stress_MPa", strain, stress))
    assert test.strain[-1] == pytest.approx(0.006, abs=3e-4)


SPIKED = np.where(TIME == HALF, 3 * STRESS, STRESS)
REFUSED = {
    "compression": ("strain,stress_MPa", -STRAIN, -STRESS, "negative: compression"),
    "spike": ("strain,stress_MPa", STRAIN, SPIKED, "in one row alone; leave that row out"),
    "two below each other": (
        "strain,stress_MPa",
        np.tile(STRAIN, 2),
        np.tile(STRESS, 2),
        "several tests",
    ),
    "other names": ("e,s", STRAIN, STRESS, "no column of loads or stresses.*columns are 'e', 's'"),
    "no names": ("eyy_%,stress_MPa", STRAIN, STRESS, "that changes among 'eyy_%', 'stress_MPa'"),
    "no strain": ("plastic,true_stress_MPa", STRAIN, STRESS, "no column of strain beside"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_single_test_is_refused(tmp_path, case):
    *content, message = REFUSED[case]
    with pytest.raises(SlipfieldError, match=message):
        read_test(written(tmp_path / "t.csv", *content))


def test_two_tests_beside_each_other_are_refused(tmp_path):
    header = "strain,stress_MPa,strain,stress_MPa"
    path = written(tmp_path / "t.csv", header, STRAIN, STRESS, STRAIN, STRESS)
    with pytest.raises(SlipfieldError, match="both strains"):
        read_test(path)
