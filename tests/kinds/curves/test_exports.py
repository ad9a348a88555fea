"""Solver tables: read back from the written files, and re-simulated by stepping through a bar."""

import re

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.exports import FORMATS, MOST_ROWS, solver_table, write_export
from slipfield.kinds.curves.laws import Voce
from slipfield.kinds.curves.product import make_curve

SHEETS = [Datasheet(276, 310, 69), Datasheet(299, 733, 195, 0.62), Datasheet(1380, 1480, 207, 0.03)]


def read_back(text, solver):
    """Stress and plastic strain of a written table."""
    if solver == "lsdyna":
        block = text.split("*DEFINE_CURVE")[1].split("*END")[0]
        rows = [line for line in block.splitlines()[2:] if line and not line.startswith("$")]
        plastic, stress = np.array([[float(r[:20]), float(r[20:40])] for r in rows[1:]]).T
        return stress, plastic
    block = re.split(r"\*PLASTIC.*\n", text)[1]
    return np.array([line.split(",") for line in block.splitlines() if line], dtype=float).T


def bar(stress, plastic, modulus, strains):
    """Stress of a bar at rising true strains: elastic predictor, then the table, in steps."""
    p, out = 0.0, []
    for strain in strains:
        trial = modulus * (strain - p)
        if trial > np.interp(p, plastic, stress):
            low, high = p, strain
            for _ in range(60):
                p = (low + high) / 2
                rises = modulus * (strain - p) > np.interp(p, plastic, stress)
                low, high = (p, high) if rises else (low, p)
        out.append(modulus * (strain - p))
    return np.array(out)


@pytest.mark.parametrize("solver", FORMATS)
@pytest.mark.parametrize("law", ["hockett-sherby", "voce"])
@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: f"{sheet.proof_stress_MPa:g}")
def test_a_bar_of_the_table_gives_the_curve(sheet, law, solver, tmp_path):
    curve = make_curve(sheet, law)
    stress, plastic = read_back(write_export(curve, solver, tmp_path).read_text(), solver)
    assert plastic[0] == 0 and len(plastic) <= MOST_ROWS
    assert (np.diff(plastic) > 0).all() and (np.diff(stress) > 0).all()
    again = bar(stress, plastic, sheet.modulus_MPa, curve.columns["true_strain"])
    np.testing.assert_allclose(again, curve.columns["true_stress_MPa"], rtol=5e-4)


def test_units_and_constants_of_the_files(tmp_path):
    curve = make_curve(SHEETS[0])
    text = write_export(curve, "abaqus", tmp_path).read_text()
    assert "*ELASTIC\n69000.0, 0.33\n" in text and "*DENSITY\n2.700e-09\n" in text
    assert "*PLASTIC, HARDENING=ISOTROPIC" in write_export(curve, "calculix", tmp_path).read_text()
    cards = write_export(curve, "lsdyna", tmp_path).read_text().splitlines()
    card = cards[cards.index("*MAT_PIECEWISE_LINEAR_PLASTICITY") + 2]
    assert [float(card[i : i + 10]) for i in (10, 20, 30)] == [2.7e-9, 69000.0, 0.33]
    assert max(map(len, cards)) <= 132


def test_refusals(tmp_path):
    with pytest.raises(SlipfieldError, match="export: given 'ansys'; expected one of abaqus"):
        write_export(make_curve(SHEETS[0]), "ansys", tmp_path)
    with pytest.raises(SlipfieldError, match="does not rise"):
        solver_table(Voce(300.0, -20.0, 50.0), 0.1)
