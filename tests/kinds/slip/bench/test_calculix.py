"""The CalculiX deck says the same specimen, and runs where ccx is installed."""

import re

import numpy as np
import pytest

from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.bench.calculix import deck, is_available, run_calculix
from slipfield.kinds.slip.bench.launch import Specimen
from slipfield.kinds.slip.crystal.law import hardening_modulus, initial_crss
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler

CELLS, GRAINS = 6, 12


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    return Specimen.make(CELLS, GRAINS, tmp_path_factory.mktemp("specimen"))


@pytest.fixture(scope="module")
def blocks(specimen):
    """Keyword line -> its data lines as numbers; the order of equal keywords is kept."""
    found = []
    for line in deck(specimen.study, specimen.microstructure):
        if line.startswith("*"):
            found.append((line, []))
        else:
            found[-1][1].append(line)
    return found


def numbers(lines):
    return np.array([[float(part) for part in line.split(",") if part.strip()] for line in lines])


def test_every_element_has_the_nodes_and_the_grain_of_the_map(specimen, blocks):
    with open_netcdf(specimen.microstructure) as data:
        grain, x, y = (data[name].values for name in ("element_grain", "x_mm", "y_mm"))
    nodes = numbers(next(lines for key, lines in blocks if key.startswith("*NODE,")))
    assert np.allclose(nodes[:, 1:], np.column_stack([x.ravel(), y.ravel(), 0 * x.ravel()]))
    seen = np.full(CELLS * CELLS, -1)
    for key, lines in blocks:
        if not key.startswith("*ELEMENT"):
            continue
        for number, *corners in numbers(lines).astype(int):
            seen[number - 1] = int(re.search(r"GRAIN(\d+)", key)[1])
            corner = nodes[np.array(corners) - 1, 1:3]
            edges = np.roll(corner, -1, axis=0) - corner
            after = np.roll(edges, -1, axis=0)
            turns = edges[:, 0] * after[:, 1] - edges[:, 1] * after[:, 0]
            assert (turns > 0).all(), "corners go round counter-clockwise"
            row, column = divmod(number - 1, CELLS)
            around = x[row : row + 2, column : column + 2], y[row : row + 2, column : column + 2]
            assert np.allclose(corner.mean(axis=0), [part.mean() for part in around])
    assert np.array_equal(seen.reshape(grain.shape), grain)


def test_axes_are_the_crystal_axes_in_sample_components(specimen, blocks):
    with open_netcdf(specimen.microstructure) as data:
        expected = matrix_of_euler(data["euler"].values)
    for key, lines in blocks:
        if key.startswith("*ORIENTATION"):
            g = int(re.search(r"AXES(\d+)", key)[1])
            assert np.allclose(numbers(lines)[0].reshape(2, 3), expected[g, :2], atol=1e-9)


def test_constants_flow_at_the_crss_and_harden_by_h(specimen, blocks):
    """At the reference slip rate the law's stress is r0 + K rate^(1/n) = g(0), and Q b = h."""
    with open_netcdf(specimen.microstructure) as data:
        size = data["size"].values
    material, k = specimen.study.material, specimen.study.sampling.centre
    grain = None
    for key, lines in blocks:
        if key.startswith("*MATERIAL"):
            grain = int(re.search(r"CRYSTAL(\d+)", key)[1])
        elif key.startswith("*USER MATERIAL"):
            values = np.array([float(v) for line in lines for v in line.split(",")])
            assert key.endswith(f"CONSTANTS={values.size}")
            assert values[:3] == pytest.approx(
                [material.c11_MPa, material.c12_MPa, material.c44_MPa]
            )
            viscosity, n, *_, threshold, saturation, rate = values[3:12]
            stress = threshold + viscosity * material.reference_slip_rate_per_s ** (1 / n)
            assert stress == pytest.approx(initial_crss(k, size[grain]), rel=1e-8)
            assert saturation * rate == pytest.approx(
                hardening_modulus(material, k, size[grain]), rel=1e-8
            )
    assert grain is not None


@pytest.mark.slow
@pytest.mark.skipif(not is_available(), reason="no ccx on PATH")
def test_deck_runs_to_the_end(specimen, tmp_path):
    found = run_calculix(specimen.study, specimen.microstructure, tmp_path)
    assert found["increments"] >= 20
    assert found["iterations"] >= found["increments"]
    assert found["cpu_seconds"] > 0
    assert found["peak_memory_mb"] > 1
    times = re.findall(r"and time +(\S+)", (tmp_path / "sheet.dat").read_text())
    assert np.allclose([float(time) for time in times], np.arange(5, 101, 5))
