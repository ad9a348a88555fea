"""Solver tables: read back from the written files, and re-simulated as the solvers read them."""

import os
import re
import shutil
import subprocess

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.exports import FORMATS, MOST_ROWS, solver_table, write_export
from slipfield.kinds.curves.laws import Voce
from slipfield.kinds.curves.product import make_curve

SHEETS = [Datasheet(276, 310, 69), Datasheet(299, 733, 195, 0.62), Datasheet(1380, 1480, 207, 0.03)]

ONE_ELEMENT = """*NODE, NSET=ALL
1, 0, 0, 0
2, 1, 0, 0
3, 1, 1, 0
4, 0, 1, 0
5, 0, 0, 1
6, 1, 0, 1
7, 1, 1, 1
8, 0, 1, 1
*ELEMENT, TYPE=C3D8, ELSET=E
1, 1, 2, 3, 4, 5, 6, 7, 8
*NSET, NSET=PULLED
2, 3, 6, 7
*NSET, NSET=ONE
2
{material}*SOLID SECTION, ELSET=E, MATERIAL={name}
*BOUNDARY
1, 1, 1
4, 1, 1
5, 1, 1
8, 1, 1
1, 2, 2
2, 2, 2
5, 2, 2
6, 2, 2
1, 3, 3
2, 3, 3
3, 3, 3
4, 3, 3
*STEP, NLGEOM, INC=50000
*STATIC
{step}, 1., 1e-7, {step}
*BOUNDARY
PULLED, 1, 1, {end}
*NODE PRINT, NSET=PULLED, TOTALS=ONLY
RF
*NODE PRINT, NSET=ONE
U
*END STEP
"""


def read_back(text, solver):
    """Stress and plastic strain of a written table."""
    if solver == "lsdyna":
        block = text.split("*DEFINE_CURVE")[1].split("*END")[0]
        rows = [line for line in block.splitlines()[2:] if line and not line.startswith("$")]
        plastic, stress = np.array([[float(r[:20]), float(r[20:40])] for r in rows[1:]]).T
        return stress, plastic
    block = re.split(r"\*PLASTIC.*\n", text)[1]
    return np.array([line.split(",") for line in block.splitlines() if line], dtype=float).T


def nominal_bar(stress, plastic, sheet, poisson, strains):
    """F / A0 of a bar whose table is Cauchy stress over logarithmic plastic strain, in steps.

    The elastic strain is Cauchy stress / E, and the volume changes by it alone.
    """
    p, out = 0.0, []
    modulus = sheet.modulus_MPa
    for strain in strains:
        trial = modulus * (strain - p)
        if trial > np.interp(p, plastic, stress):
            low, high = p, strain
            for _ in range(60):
                p = (low + high) / 2
                rises = modulus * (strain - p) > np.interp(p, plastic, stress)
                low, high = (p, high) if rises else (low, p)
        true = modulus * (strain - p)
        out.append(true * np.exp((1 - 2 * poisson) * true / modulus - strain))
    return np.array(out)


def nominal_simo(stress, plastic, sheet, poisson, strains):
    """F / A0 of one finite-strain element: box 9.1 of Simo and Hughes, free sides, in steps.

    Principal stretches; the stress that yields is Cauchy's; pressure K / 2 (J - 1 / J).
    """
    shear = sheet.modulus_MPa / (2 * (1 + poisson))
    bulk = sheet.modulus_MPa / (3 * (1 - 2 * poisson))
    left, p, side, out = np.ones(3), 0.0, 0.0, []
    before = np.zeros(3)

    def update(axial, lateral):
        logs = np.array([axial, lateral, lateral])
        step = logs - before
        trial = left * np.exp(2 * (step - step.mean()))
        volume = np.exp(logs.sum())
        deviator = shear * (trial - trial.mean()) / volume
        size = np.sqrt(1.5) * np.linalg.norm(deviator)
        flow, low, high = p, p, p + 0.5
        if size > np.interp(p, plastic, stress):
            for _ in range(60):
                flow = (low + high) / 2
                left_over = size - 3 * shear * trial.mean() / volume * (flow - p)
                low, high = (
                    (flow, high) if left_over > np.interp(flow, plastic, stress) else (low, flow)
                )
            deviator = deviator * (np.interp(flow, plastic, stress) / size)
        cauchy = deviator + bulk / 2 * (volume - 1 / volume)
        after = deviator * volume / shear + trial.mean()
        return cauchy, after, flow, logs

    for strain in strains:
        for _ in range(30):
            miss = update(strain, side)[0][1]
            slope = (update(strain, side + 1e-8)[0][1] - miss) / 1e-8
            side -= miss / slope
            if abs(miss) < 1e-6:
                break
        cauchy, left, p, before = update(strain, side)
        out.append(cauchy[0] * np.exp(2 * side))
    return np.array(out)


STEPPED = {"abaqus": nominal_bar, "lsdyna": nominal_bar, "calculix": nominal_simo}


@pytest.mark.slow
@pytest.mark.parametrize("solver", FORMATS)
@pytest.mark.parametrize("law", ["hockett-sherby", "voce"])
@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: f"{sheet.proof_stress_MPa:g}")
def test_a_bar_of_the_table_gives_the_curve(sheet, law, solver, tmp_path):
    curve = make_curve(sheet, law)
    stress, plastic = read_back(write_export(curve, solver, tmp_path).read_text(), solver)
    assert plastic[0] == 0 and len(plastic) <= MOST_ROWS
    assert (np.diff(plastic) > 0).all() and (np.diff(stress) > 0).all()
    top = curve.necking.true_strain
    strains = np.linspace(0, top, 1 + int(np.ceil(0.99 * top / 0.002)))[1:-1]
    expected = np.interp(
        np.expm1(strains),
        curve.columns["engineering_strain"],
        curve.columns["engineering_stress_MPa"],
    )
    again = STEPPED[solver](stress, plastic, sheet, curve.material.poisson_ratio, strains)
    from_proof = np.expm1(strains) >= sheet.proof_strain  # before it, elastic laws differ
    np.testing.assert_allclose(again[from_proof], expected[from_proof], rtol=1e-3)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ccx") is None, reason="no ccx on PATH")
@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: f"{sheet.proof_stress_MPa:g}")
def test_one_element_of_calculix_gives_the_curve(sheet, tmp_path):
    curve = make_curve(sheet)
    material = write_export(curve, "calculix", tmp_path).read_text()
    end = 0.98 * curve.necking.engineering_strain
    step = min(1 / 20, 0.002 / np.log1p(end))
    (tmp_path / "one.inp").write_text(
        ONE_ELEMENT.format(material=material, name=curve.material.name.upper(), end=end, step=step)
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(["ccx", "-i", "one"], cwd=tmp_path, capture_output=True, env=environment)
    assert b"Job finished" in run.stdout
    text = (tmp_path / "one.dat").read_text()
    load = [float(line.split()[0]) for line in re.findall(r"total force .*?\n\n(.*?)\n", text)]
    moved = [float(line.split()[1]) for line in re.findall(r"displacements .*?\n\n(.*?)\n", text)]
    expected = np.interp(
        moved, curve.columns["engineering_strain"], curve.columns["engineering_stress_MPa"]
    )
    from_proof = np.array(moved) >= sheet.proof_strain
    assert len(load) == len(moved) and from_proof.sum() > 10
    np.testing.assert_allclose(np.array(load)[from_proof], expected[from_proof], rtol=1e-3)


STEEP = [
    Datasheet(421.88, 457.31, 178.2, None, "titanium"),
    Datasheet(880, 950, 114),
    Datasheet(145, 290, 71),
]
"""Ludwik's exponents of these are small: the stress rises ever more steeply towards 0."""


@pytest.mark.parametrize("sheet", STEEP, ids=lambda sheet: f"{sheet.proof_stress_MPa:g}")
def test_rows_do_not_run_out_where_the_law_is_steepest(sheet):
    curve = make_curve(sheet, "ludwik")
    table = solver_table(curve.law, curve.necking.plastic_strain)
    strain = np.geomspace(1e-6, curve.necking.plastic_strain, 4000)
    lines = np.interp(strain, table.plastic_strain, table.stress_MPa)
    assert np.abs(lines / curve.law.flow(strain) - 1).max() < 5e-4
    assert len(table.plastic_strain) <= MOST_ROWS


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
