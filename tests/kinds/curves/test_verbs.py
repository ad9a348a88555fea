"""The verb `curve` from the command line, with the names that its users rely on."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

COLUMNS = [
    "engineering_strain",
    "engineering_stress_MPa",
    "true_strain",
    "true_stress_MPa",
    "plastic_strain",
    "low_MPa",
    "high_MPa",
]


def run(*arguments):
    command = [sys.executable, "-m", "slipfield", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_curve_writes_table_summary_picture_and_solver_tables(tmp_path):
    measured = tmp_path / "test.csv"
    strain = np.linspace(0, 0.08, 200)
    stress = np.minimum(69e3 * strain, 276 + 34 * np.sin(strain / 0.08 * np.pi / 2))
    rows = "\n".join(f"{e:.6f},{s:.3f}" for e, s in zip(strain, stress, strict=True))
    measured.write_text(f"engineering_strain,engineering_stress_MPa\n{rows}\n")
    numbers = ["--proof-stress", 276, "--strength", 310, "--modulus", 69]
    more = ["--uniform-elongation", 0.08, "--class", "aluminium", "--law", "voce"]
    files = ["--measured", measured, "--export", "abaqus", "--export", "lsdyna"]
    done = run("curve", *numbers, *more, *files, "--output", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "d" / "curve.csv") as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == COLUMNS and len(rows) > 100
    summary = json.loads((tmp_path / "d" / "curve.json").read_text())
    assert summary["necking"]["engineering_strain"] == pytest.approx(0.08)
    assert summary["law"]["name"] == "voce" and summary["material_class"] == "aluminium"
    assert 0.5 < summary["measured"]["similarity"] <= 1
    names = {path.name for path in (tmp_path / "d").iterdir()}
    assert names == {"curve.csv", "curve.json", "curve.png", "curve_abaqus.inp", "curve_lsdyna.k"}


def test_a_curve_that_was_half_written_has_no_summary_of_an_earlier_one(slipfield, tmp_path):
    numbers = ["--proof-stress", 276, "--strength", 310, "--modulus", 69, "--output", tmp_path]
    (tmp_path / "curve.json").write_text("{}")
    (tmp_path / "curve.png").mkdir()
    done = slipfield("curve", *numbers)
    assert done.returncode == 2 and "curve.png: is a folder" in done.stderr
    assert not (tmp_path / "curve.json").exists()


def test_a_wrong_number_is_one_line_and_status_2(slipfield, tmp_path):
    numbers = ["--proof-stress", 310, "--strength", 276, "--modulus", 69]
    done = slipfield("curve", *numbers, "--output", tmp_path / "d")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "strength: given 276 MPa" in done.stderr and not (tmp_path / "d").exists()


def test_what_belongs_to_a_test_is_not_dropped_without_one(slipfield, tmp_path):
    numbers = ["--proof-stress", 276, "--strength", 310, "--modulus", 69]
    done = slipfield("curve", *numbers, "--gauge-length", 50, "--output", tmp_path / "d")
    assert done.returncode == 2 and "give it with --measured" in done.stderr


@pytest.mark.slow
def test_curve_imports_neither_torch_nor_scipy_nor_pandas():
    """They take longer to import than a curve takes to make."""
    code = (
        "import sys, slipfield.cli, slipfield.kinds.curves.run;"
        "print([m for m in ('torch', 'scipy', 'pandas', 'xarray', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_solver_table_of_an_earlier_curve_is_named(slipfield, tmp_path):
    numbers = ["--proof-stress", 276, "--strength", 310, "--modulus", 69, "--output", tmp_path]
    assert "earlier" not in slipfield("curve", *numbers, "--export", "lsdyna").stdout
    numbers[3] = 330
    done = slipfield("curve", *numbers, "--export", "abaqus")
    assert f"warning: {tmp_path / 'curve_lsdyna.k'} is of an earlier curve" in done.stdout
    assert "curve_abaqus.inp is" not in done.stdout
