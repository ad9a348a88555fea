"""Reading tension tests of several habits, and scores whose value is known."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.band import Band, band_of
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.laws import Voce
from slipfield.kinds.curves.measured import TensionTest, nonconformity, score
from slipfield.kinds.curves.product import make_curve
from slipfield.kinds.curves.reading import read_test
from slipfield.kinds.curves.uniaxial import necking, stress_at

E = 205e3
LAW = Voce(318.0, 419.0, 5.84)


def specimen(law=LAW, scale=1.0):
    """Engineering strain and stress of a law up to a little beyond its maximum load."""
    strain = np.linspace(0, necking(law, E).true_strain * 1.02, 2000)
    return np.expm1(strain), scale * stress_at(law, E, strain) * np.exp(-strain)


def write(path, header, *columns, comment="# a test\n"):
    rows = "\n".join(",".join(f"{v:.8g}" for v in row) for row in zip(*columns, strict=True))
    path.write_text(f"{comment}{header}\n{rows}\n")
    return path


def test_the_same_test_in_several_habits(tmp_path):
    strain, stress = specimen()
    plain = read_test(
        write(tmp_path / "a.csv", "engineering_strain,engineering_stress_MPa", strain, stress)
    )
    files = {
        "percent": ("Strain (%),Stress (MPa)", 100 * strain, stress),
        "giga": ("strain,stress_GPa", strain, stress / 1e3),
        "ksi": ("Strain [mm/m],Stress [ksi]", 1e3 * strain, stress / 6.894757293168),
        "load": ("extension_mm,load_kN", 50 * strain, stress * 60 / 1e3),
    }
    for name, (header, *columns) in files.items():
        path = write(tmp_path / f"{name}.csv", header, *columns)
        other = read_test(path, gauge_length_mm=50, area_mm2=60)
        np.testing.assert_allclose(other.strain, plain.strain, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(other.stress_MPa, plain.stress_MPa, rtol=1e-6)


def test_a_test_ends_at_its_maximum_load_and_gives_its_datasheet_back():
    strain, stress = specimen()
    test = TensionTest(strain[: stress.argmax() + 1], stress[: stress.argmax() + 1])
    sheet = test.datasheet(205.0)
    curve = make_curve(sheet, "voce")
    assert curve.law.onset_MPa == pytest.approx(LAW.onset_MPa, rel=2e-3)
    assert curve.law.rate == pytest.approx(LAW.rate, rel=2e-2)


def test_scores_of_a_curve_that_is_off_by_four_per_cent():
    strain, stress = specimen(scale=1.04)
    top = stress.argmax() + 1
    test, sheet = TensionTest(strain[:top], stress[:top]), Datasheet(322, 497, 205, strain[top - 1])
    for half_width, covered in ((0.05, True), (0.03, False)):
        found = score(test, LAW, sheet, Band(half_width, 0.9, 9, False))
        assert found.median_error == pytest.approx(0.04 / 1.04, rel=1e-3)
        assert found.covered == covered
    assert nonconformity(test, LAW, sheet, False) == pytest.approx(np.log(1.04), rel=1e-3)
    grid = np.linspace(0, min(test.true_strain[-1], 0.18), 60)
    known = np.interp(grid, test.true_strain, test.true_stress_MPa)
    missed = np.sum((stress_at(LAW, E, grid) - known) ** 2) / np.sum((known - known.mean()) ** 2)
    assert found.similarity == pytest.approx(1 - missed)


def test_bands_say_from_how_many_tests_they_come():
    band = band_of("hockett-sherby", False)
    assert band.tests == 6 and band.coverage == pytest.approx(6 / 7)
    assert band_of("ludwik-paper", False).half_width > 3 * band.half_width


@pytest.mark.parametrize(
    ("header", "scale", "message"),
    [
        ("extension_mm,load_N", 1, "give --gauge-length"),
        ("strain,load_N", 1, "give the initial cross-section as --area"),
        ("strain,stress", 1, "unit 'missing' of column 'stress'"),
        ("strain,stress_MPa", 1e3, "expected engineering strain"),
        ("time_s,stress_MPa", 1, "no column of strain or extension"),
    ],
)
def test_what_is_missing_is_named(tmp_path, header, scale, message):
    strain, stress = specimen()
    path = write(tmp_path / "t.csv", header, scale * strain[1:], stress[1:])
    with pytest.raises(SlipfieldError, match=message):
        read_test(path)


def test_too_short_a_test_is_refused(tmp_path):
    path = write(tmp_path / "t.csv", "strain,stress_MPa", [0, 0.1], [0, 100])
    with pytest.raises(SlipfieldError, match="2 rows with numbers"):
        read_test(path)
