"""The quarter cell against solutions that share nothing with it but the physics."""

from pathlib import Path

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.cell import Cell
from slipfield.kinds.composite.mesh import compiling
from slipfield.kinds.composite.parameters import PARAMETERS
from slipfield.kinds.composite.periodic import periodic_stiffness
from slipfield.kinds.composite.series import series_stiffness

POINT = (5.0, 0.35, 250.0, 0.275, 0.3)
EXTREMES = ((8.0, 0.4, 450.0, 0.2, 0.4), (2.0, 0.4, 50.0, 0.35, 0.2), (3.0, 0.45, 1.0, 0.1, 0.55))
STEPS = (1e-4, 1e-5, 1e-2, 1e-5, 1e-5)


@pytest.mark.parametrize("point", [POINT, *EXTREMES])
def test_default_agrees_with_the_series_to_1e_5(cell, point):
    assert cell.stiffness(point) == pytest.approx(series_stiffness(point, 60), rel=1e-5)


def test_finer_cell_agrees_with_the_series_to_1e_8():
    fine = Cell(degree=9)
    for point in (POINT, *EXTREMES[:2]):
        assert fine.stiffness(point) == pytest.approx(series_stiffness(point, 48), rel=1e-8)


def test_same_discretisation_in_three_dimensions_gives_the_same_numbers():
    full = periodic_stiffness(POINT, degree=3)
    quarter = Cell(degree=3).stiffness(POINT)
    found = full[[0, 0, 1, 1, 3, 4], [0, 1, 1, 2, 3, 4]]
    assert found == pytest.approx(quarter, rel=1e-10)
    others = full.copy()
    others[:3, :3] = 0
    np.fill_diagonal(others, 0)
    assert np.abs(others).max() < 1e-10
    assert full[5, 5] == pytest.approx(full[4, 4], rel=1e-10)


@pytest.mark.parametrize("array", ["square", "hexagonal"])
def test_hill_relations_between_the_constants(array):
    """Hill 1964: with k = (C22 + C23) / 2 the composite's n and l follow from k alone."""
    em, num, ef, nuf, fraction = POINT
    c11, c12, c22, c23 = Cell(array).stiffness(POINT)[:4]
    k = [e / (2 * (1 + n) * (1 - 2 * n)) for e, n in ((em, num), (ef, nuf))]
    lam = [2 * k[0] * num, 2 * k[1] * nuf]
    axial = [e * (1 - n) / ((1 + n) * (1 - 2 * n)) for e, n in ((em, num), (ef, nuf))]
    ratio = (lam[0] - lam[1]) / (k[0] - k[1])
    mean = [(1 - fraction) * p[0] + fraction * p[1] for p in (k, lam, axial)]
    effective = (c22 + c23) / 2
    assert c12 == pytest.approx(mean[1] + ratio * (effective - mean[0]), abs=1e-10)
    assert c11 == pytest.approx(mean[2] + ratio * (c12 - mean[1]), abs=1e-10)


@pytest.mark.parametrize("array", ["square", "hexagonal"])
def test_gradients_agree_with_finite_differences(array):
    model = Cell(array, degree=4)
    _, gradient = model.with_gradient(POINT)
    for k, step in enumerate(STEPS):
        above, below = list(POINT), list(POINT)
        above[k] += step
        below[k] -= step
        difference = (model.stiffness(above) - model.stiffness(below)) / (2 * step)
        scale = np.abs(gradient[:, k]).max()
        assert gradient[:, k] == pytest.approx(difference, abs=1e-6 * scale), PARAMETERS[k]


def test_equal_phases_give_the_phase_back(cell):
    e, n = 70.0, 0.3
    stiffness = cell.stiffness((e, n, e, n, 0.35))
    lam, mu = e * n / ((1 + n) * (1 - 2 * n)), e / (2 * (1 + n))
    assert stiffness == pytest.approx([lam + 2 * mu, lam, lam + 2 * mu, lam, mu, mu], rel=1e-12)


@pytest.mark.parametrize(("fraction", "off"), [(0.1, 1e-7), (0.5, 1e-6), (0.7, 5e-6), (0.8, 2e-5)])
def test_hexagonal_array_is_isotropic_across_the_fibres(fraction, off):
    c = Cell("hexagonal", degree=8).stiffness((5.0, 0.35, 250.0, 0.275, fraction))
    assert (c[2] - c[3]) / 2 == pytest.approx(c[4], rel=off)


def test_voids_leave_the_rule_of_mixtures_along_the_holes():
    """Holes along the load: E1 = (1 - f) E and nu12 = nu of the solid, exactly."""
    values, _ = Cell(void=True).constants(np.array([[5.0, 0.35, 1.0, 0.3, 0.3]]))
    assert values[0, 6] == pytest.approx(0.7 * 5, rel=1e-10)
    assert values[0, 10] == pytest.approx(0.35, rel=1e-10)
    soft = Cell().constants(np.array([[5.0, 0.35, 1e-7, 0.3, 0.3]]))[0]
    assert values[0] == pytest.approx(soft[0], rel=1e-6)


@pytest.mark.parametrize(
    ("point", "field"),
    [
        ((5, 0.5, 250, 0.3, 0.3), "num"),
        ((5, 0.3, 250, -1, 0.3), "nuf"),
        ((0, 0.3, 250, 0.3, 0.3), "em"),
        ((5, 0.3, float("inf"), 0.3, 0.3), "ef"),
        ((5, 0.3, 250, 0.3, 0.79), "fraction"),
        ((5, 0.3, 250, 0.3, 0), "fraction"),
    ],
)
def test_impossible_materials_are_refused_by_name(cell, point, field):
    with pytest.raises(SlipfieldError, match=f"^{field}: given"):
        cell.stiffness(point)


def test_compilation_that_was_killed_is_done_again(monkeypatch, tmp_path):
    """A source without a result was waited for, and ended every later run in a TimeoutError."""
    monkeypatch.setenv("SLIPFIELD_CACHE", str(tmp_path))
    first = Cell(degree=1).stiffness(POINT)
    source = next((tmp_path / "cells").glob("*.c"))
    for left in (tmp_path / "cells").glob(f"{source.stem}*"):
        if left != source:
            left.unlink()
    assert Cell(degree=1).stiffness(POINT) == pytest.approx(first, rel=1e-12)


def test_cache_that_cannot_be_written_is_one_line(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SLIPFIELD_CACHE", str(tmp_path / "file"))
    with pytest.raises(SlipfieldError, match="set SLIPFIELD_CACHE to another folder$"):
        Cell(degree=1)


def test_another_error_while_forms_compile_is_not_taken_for_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("SLIPFIELD_CACHE", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no-such-compiler"), compiling():
        Path("no-such-compiler").read_text()
    with (
        pytest.raises(SlipfieldError, match="cells: cannot be written: No space left"),
        compiling(),
    ):
        Path("/dev/full").write_text("x")
