"""The curve of a datasheet: pins on the written numbers, necking, warnings, refusals."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves import pinning
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.elongation import find_class, guess_class
from slipfield.kinds.curves.product import make_curve

SHEETS = [
    Datasheet(276, 310, 69),
    Datasheet(276, 310, 69, 0.08, "aluminum"),
    Datasheet(299, 733, 195, 0.62),
    Datasheet(240, 640, 200),
    Datasheet(880, 950, 114, material_class="titanium"),
    Datasheet(70, 230, 118),
    Datasheet(450, 680, 200, material_class="duplex stainless steel"),
    Datasheet(1380, 1480, 207, 0.03),
]


def proof_and_strength(curve):
    """Rp0.2 and Rm read off the columns alone."""
    strain, stress = (curve.columns[f"engineering_{n}"] for n in ("strain", "stress_MPa"))
    offset = strain - stress / curve.sheet.modulus_MPa
    return np.interp(0.002, offset[5:], stress[5:]), stress.max()


@pytest.mark.parametrize("law", pinning.PINNED)
@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: f"{sheet.proof_stress_MPa:g}")
def test_every_law_goes_through_proof_stress_and_strength(sheet, law):
    try:
        curve = make_curve(sheet, law)
    except SlipfieldError as error:
        assert law in ("ludwik", "swift") and sheet.uniform_elongation, error
        return
    proof, strength = proof_and_strength(curve)
    assert proof == pytest.approx(sheet.proof_stress_MPa, rel=1e-6)
    assert strength == pytest.approx(sheet.strength_MPa, rel=1e-8)
    if sheet.uniform_elongation:
        top = curve.columns["engineering_stress_MPa"].argmax()
        assert curve.columns["engineering_strain"][top] == pytest.approx(sheet.uniform_elongation)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: f"{sheet.proof_stress_MPa:g}")
def test_columns_belong_together(sheet):
    columns = make_curve(sheet).columns
    strain, stress = columns["engineering_strain"], columns["engineering_stress_MPa"]
    np.testing.assert_allclose(columns["true_strain"], np.log1p(strain), rtol=1e-9)
    np.testing.assert_allclose(columns["true_stress_MPa"], stress * (1 + strain), rtol=1e-9)
    elastic = columns["true_stress_MPa"] / sheet.modulus_MPa
    np.testing.assert_allclose(elastic + columns["plastic_strain"], np.log1p(strain), atol=1e-12)
    assert (np.diff(columns["true_stress_MPa"]) > 0).all()
    assert (columns["low_MPa"] <= columns["true_stress_MPa"]).all()
    assert (columns["high_MPa"] >= columns["true_stress_MPa"]).all()


def test_a_given_elongation_narrows_the_band_towards_necking():
    wide, narrow = (make_curve(Datasheet(549, 995, 205, e)).columns for e in (None, 0.26))

    def relative(c):
        return np.log(c["high_MPa"][1:] / c["low_MPa"][1:])

    assert np.ptp(relative(wide)) < 1e-12
    assert relative(narrow)[-1] < 0.3 * relative(narrow)[10]


@pytest.mark.parametrize("elongation", [None, 0.4])
@pytest.mark.parametrize("late", [310.0, 325.0, 340.0])
def test_the_one_per_cent_proof_stress_bends_the_curve_through_itself(late, elongation):
    sheet = Datasheet(280, 650, 195, elongation, "stainless", late)
    curve = make_curve(sheet)
    strain, stress = (curve.columns[f"engineering_{n}"] for n in ("strain", "stress_MPa"))
    offset = strain - stress / sheet.modulus_MPa
    assert np.interp(0.01, offset[5:], stress[5:]) == pytest.approx(late, rel=1e-4)
    proof, strength = proof_and_strength(curve)
    assert proof == pytest.approx(280, rel=1e-6) and strength == pytest.approx(650, rel=1e-8)
    assert not any("Rp1.0" in text for text in curve.warnings)
    assert curve.band.half_width < make_curve(Datasheet(280, 650, 195, elongation)).band.half_width


def test_the_one_per_cent_proof_stress_tells_of_an_early_necking():
    """A curve that necks at half of its class's elongation: Rp1.0 halves what is missed."""
    truth = make_curve(Datasheet(817, 1062, 205, 0.068, "steel"))
    strain, stress = (truth.columns[f"engineering_{n}"] for n in ("strain", "stress_MPa"))
    late = float(np.interp(0.01, (strain - stress / 205e3)[5:], stress[5:]))
    grid = np.linspace(0.01, 0.06, 11)

    def missed(curve):
        again = np.interp(
            grid, *(curve.columns[f"engineering_{n}"] for n in ("strain", "stress_MPa"))
        )
        return np.abs(again / np.interp(grid, strain, stress) - 1).max()

    without = make_curve(Datasheet(817, 1062, 205, None, "steel"))
    found = make_curve(Datasheet(817, 1062, 205, None, "steel", late))
    assert missed(found) < missed(without) / 2
    higher = make_curve(Datasheet(817, 1062, 205, None, "steel", 970))
    assert higher.necking.engineering_strain < 0.55 * without.necking.engineering_strain
    assert any("necks at the 0.138 of the correlation" in text for text in higher.warnings)


def test_a_one_per_cent_proof_stress_that_no_curve_has_is_named():
    assert any(
        "no curve goes" in t for t in make_curve(Datasheet(280, 650, 195, None, None, 600)).warnings
    )
    voce = make_curve(Datasheet(280, 650, 195, None, "stainless", 325), "voce")
    assert any("voce does not use Rp1.0" in text for text in voce.warnings)
    with pytest.raises(
        SlipfieldError, match="proof-stress-1: given 270 MPa; expected Rp1.0 between"
    ):
        Datasheet(280, 650, 195, None, None, 270)


def test_class_is_guessed_from_modulus_and_ratio():
    assert guess_class(Datasheet(276, 310, 69)).name == "aluminium"
    assert guess_class(Datasheet(250, 600, 195)).name == "stainless"
    assert guess_class(Datasheet(350, 500, 207)).name == "steel"
    assert guess_class(Datasheet(160, 250, 45)).name == "aluminium"
    assert guess_class(Datasheet(600, 800, 320)).name == "steel"
    assert find_class("Stainless-Steel").name == find_class("316L").name == "stainless"
    assert find_class("Titanium alloy").name == "titanium"
    assert find_class("TRIP").name == "steel" and find_class("brass").name == "copper"
    with pytest.raises(SlipfieldError, match="class: given 'wood'; expected one of steel"):
        find_class("wood")


def test_warnings_where_it_is_known_to_fail():
    assert any("S-shape" in text for text in make_curve(Datasheet(240, 640, 200)).warnings)
    steel = Datasheet(350, 560, 205, material_class="steel")
    assert make_curve(steel).warnings == ()
    assert any("onset" in text for text in make_curve(steel, "ludwik-paper").warnings)
    magnesium, alien = Datasheet(160, 250, 45), Datasheet(276, 310, 69, material_class="steel")
    assert any("aluminium has 60 to 85" in text for text in make_curve(magnesium).warnings)
    assert any("the modulus is 69 GPa" in text for text in make_curve(alien).warnings)
    fracture = make_curve(Datasheet(276, 310, 69, 0.3)).warnings
    assert any("4.0 times what aluminium" in text for text in fracture)


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        (Datasheet(276, 310, 69), "(Rp0.2/Rm of 0.4 to 0.78, here 0.89)"),
        (Datasheet(40, 60, 69), "(Rm of 198 to 1063 MPa, here 60)"),
        (
            Datasheet(250, 350, 105, None, "titanium"),
            "(steel, stainless and aluminium, no titanium)",
        ),
    ],
)
def test_metals_unlike_those_behind_the_band_are_named(sheet, words):
    assert any(f"measured on other metals {words}" in t for t in make_curve(sheet).warnings)


@pytest.mark.parametrize(("modulus", "asked"), [(10, True), (29, True), (45, False), (400, False)])
def test_moduli_that_fit_in_million_psi_are_asked_about(modulus, asked):
    found = make_curve(Datasheet(40, 60, modulus)).warnings
    assert any("in Msi and ksi?" in text for text in found) == asked


def test_a_guessed_class_names_those_that_it_is_mistaken_for():
    first, *_ = make_curve(Datasheet(880, 950, 114)).warnings
    assert first == (
        "class not given: taken as copper by modulus and Rp0.2/Rm; it may be titanium as well"
    )


def test_the_paper_s_rule():
    assert pinning.paper_strength(859.9) == pytest.approx(919.9)
    assert pinning.paper_strength(860.0) == 860.0
    law = make_curve(Datasheet(220, 267, 70), "ludwik-paper").law
    assert (law.onset_MPa, law.strength_MPa, law.exponent) == (220, 327, 0.3)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((310, 276, 69), "strength: given 276 MPa, not above the proof stress"),
        ((276, 276, 69), "rounded to one number"),
        ((276, 310, 69_000), "modulus: given 69000; expected .* GPa"),
        ((0.276, 0.310, 69), "proof-stress: given 0.276 MPa; .* give stresses in MPa"),
        ((2760, 3100, 69), "modulus: given 69 GPa; .* elastic strain would be 4%"),
        ((276, 310, 69, 8), r"uniform-elongation: given 8; expected .*8 % is 0.08"),
        ((276, 310, 69, 0.005), "uniform-elongation: given 0.005; the strength alone takes"),
        ((-1, 310, 69), "proof-stress: given -1"),
        ((float("nan"), 310, 69), "proof-stress: given nan"),
    ],
)
def test_a_datasheet_that_cannot_be_is_refused_in_one_line(numbers, message):
    with pytest.raises(SlipfieldError, match=message):
        Datasheet(*numbers)


def test_rp1_0_is_told_before_the_uniform_elongation():
    with pytest.raises(SlipfieldError, match="proof-stress-1: .* reached at a strain of 0.0120"):
        Datasheet(370, 450, 205, 0.011, proof_stress_1_MPa=410)
    assert Datasheet(370, 450, 205, 0.013, proof_stress_1_MPa=410).late_proof_point is not None


def test_no_elongation_is_tried_twice(monkeypatch):
    """Neither in the search for a curve through Rp1.0 nor in that for the nearest one."""
    tried = []
    monkeypatch.setattr(pinning, "pinned_law", lambda sheet, other, name: tried.append(other))
    sheet = Datasheet(370, 640, 205, proof_stress_1_MPa=430)
    assert pinning.nearest_law(sheet, 0.2, pinning.BENDING_LAW) is None
    assert len(set(tried)) == len(tried) > pinning.STEPS


def test_a_maximum_beyond_the_strength_is_no_answer():
    """Where Rm is Rp0.2 to a few digits, curvature can end up so weak that the law runs away."""
    sheet = Datasheet(72.32171361969579, 72.33285750030163, 74.01328016265045, None, "steel")
    with pytest.raises(SlipfieldError, match="^law: the maximum of hockett-sherby .* 7758.7 MPa"):
        make_curve(sheet)
    near = make_curve(Datasheet(500, 500.2, 200))
    assert near.columns["engineering_stress_MPa"].max() == pytest.approx(500.2, rel=1e-6)


def test_a_law_that_cannot_go_there_names_one_that_can():
    sheet = Datasheet(817, 1062, 205, 0.068)
    with pytest.raises(SlipfieldError, match="no ludwik curve .*; use --law hockett-sherby"):
        make_curve(sheet, "ludwik")
    with pytest.raises(SlipfieldError, match="law: given 'hollomon'; expected one of"):
        make_curve(sheet, "hollomon")
    without = make_curve(Datasheet(1300, 1340, 195), "swift")
    assert any("necks at" in text for text in without.warnings)
