"""The composite's cell against solutions that share nothing with it but the physics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slipfield.kinds.composite.cell import Cell
from slipfield.kinds.composite.constants import STIFFNESSES
from slipfield.kinds.composite.parameters import PARAMETERS
from slipfield.kinds.composite.periodic import periodic_stiffness
from slipfield.kinds.composite.series import series_stiffness
from slipfield.kinds.slip.verification.result import Chapter, Table

POINT = (5.0, 0.35, 250.0, 0.275, 0.3)
POINTS = (
    POINT,
    (8.0, 0.4, 450.0, 0.2, 0.4),
    (2.0, 0.3, 450.0, 0.2, 0.4),
    (2.0, 0.4, 50.0, 0.35, 0.2),
)
FINE, SERIES_TERMS = 10, 60
STEPS = (1e-4, 1e-5, 1e-2, 1e-5, 1e-5)
RATIOS, FRACTIONS = (2.0, 10.0, 50.0), (0.1, 0.2, 0.3)

TEXT = """The quarter cell of fibre composites (docs/composite.md), at four materials of which three
are extreme: against series of Kolosov-Muskhelishvili potentials, without a mesh; against the
universal relations between the constants that hold for every arrangement of fibres (R. Hill, J.
Mech. Phys. Solids 12 (1964) 199-212); against the full periodic cell in three dimensions on the
same discretisation; gradients against central differences; and C55 against the truncated multipole
formula for square arrays of cylinders of W. T. Perrins, D. R. McKenzie and R. C. McPhedran (Proc.
R. Soc. A 369 (1979) 207-225, doi:10.1098/rspa.1979.0160), at fractions of 0.1 to 0.3. Two published
results are exact in the plane for every arrangement: phases of one shear modulus give a composite
of that shear modulus, whose plane bulk modulus k obeys 1 / (k + mu) = mean of 1 / (k_i + mu) (R.
Hill, J. Mech. Phys. Solids 11 (1963) 357-372, doi:10.1016/0022-5096(63)90036-X; E. J. Garboczi,
NISTIR 6269 (1998), tests finite-element programs with it); and where 1 / k of a matrix with holes
grows by a constant and 1 / mu falls by it, so do those of the sheet (A. V. Cherkaev, K. A. Lurie
and G. W. Milton, Proc. R. Soc. A 438 (1992) 519-529)."""


def perrins(ratio: float, fraction: float) -> float:
    """Axial shear modulus over the matrix's of a square array, for a ratio of shear moduli.

    The published truncation for transverse conductivity, which axial shear obeys too.
    """
    t = (1 + ratio) / (1 - ratio)
    f4, f8 = fraction**4, fraction**8
    below = t + fraction - 0.305827 * f4 * t / (t**2 - 1.402958 * f8) - 0.013362 * f8 / t
    return 1 - 2 * fraction / below


def hill_residual(parameters: Sequence[float], stiffness: np.ndarray) -> float:
    """Largest residual of Hill's two relations, GPa: C12 and C11 follow from C22 + C23."""
    em, num, ef, nuf, fraction = parameters
    c11, c12, c22, c23 = stiffness[:4]
    pairs = ((em, num), (ef, nuf))
    bulk = [e / (2 * (1 + n) * (1 - 2 * n)) for e, n in pairs]
    cross = [2 * k * n for k, (_, n) in zip(bulk, pairs, strict=True)]
    axial = [e * (1 - n) / ((1 + n) * (1 - 2 * n)) for e, n in pairs]
    mean = [(1 - fraction) * p[0] + fraction * p[1] for p in (bulk, cross, axial)]
    slope = (cross[0] - cross[1]) / (bulk[0] - bulk[1])
    first = c12 - mean[1] - slope * ((c22 + c23) / 2 - mean[0])
    second = c11 - mean[2] - slope * (c12 - mean[1])
    return max(abs(first), abs(second))


def equal_shear_error() -> float:
    """Largest relative error of k, mu and C44 for phases of one shear modulus."""
    shear, ratios, worst = 2.0, (0.1, 0.4), 0.0
    bulk = [shear / (1 - 2 * ratio) for ratio in ratios]
    for array, fraction in (("square", 0.3), ("square", 0.5), ("hexagonal", 0.5)):
        young = [2 * shear * (1 + ratio) for ratio in ratios]
        parameters = (young[0], ratios[0], young[1], ratios[1], fraction)
        _, _, c22, c23, c44, _ = Cell(array, degree=FINE).stiffness(parameters)
        mean = (1 - fraction) / (bulk[0] + shear) + fraction / (bulk[1] + shear)
        found = ((c22 + c23) / 2 / (1 / mean - shear), (c22 - c23) / 2 / shear, c44 / shear)
        worst = max(worst, *(abs(value - 1) for value in found))
    return worst


def holes_error() -> float:
    """Largest error of 1 / k, 1 / mu and 1 / C44 of holes in two matrices that differ by a shift.

    Both have 1 / k + 1 / mu = 1, plane strain; the errors are relative to this.
    """
    rows = []
    for shift in (0.3, 0.45):  # 1 / k; Poisson's ratio follows from k / mu = 1 / (1 - 2 nu)
        bulk, shear = 1 / shift, 1 / (1 - shift)
        ratio = (1 - shear / bulk) / 2
        matrix = (2 * shear * (1 + ratio), ratio, 1.0, 0.0, 0.3)
        _, _, c22, c23, c44, _ = Cell(void=True, degree=FINE).stiffness(matrix)
        compliances = np.array([2 / (c22 + c23), 2 / (c22 - c23), 1 / c44])
        rows.append(compliances - shift * np.array([1, -1, -1]))
    return float(np.abs(rows[1] - rows[0]).max())


def chapter() -> Chapter:
    """Run all comparisons."""
    found = Chapter("composite", "Fibre composites", TEXT.replace("\n", " "))
    default, fine = Cell(), Cell(degree=FINE)
    series = [series_stiffness(point, SERIES_TERMS) for point in POINTS]
    coarse = [default.stiffness(point) for point in POINTS]
    exact = [fine.stiffness(point) for point in POINTS]
    worst = _largest(coarse, series)
    found.check("degree 6 (default) against the series, relative", worst, 1e-5)
    found.check(f"degree {FINE} against the series, relative", _largest(exact, series), 1e-8)
    residuals = [
        hill_residual(point, cell.stiffness(point))
        for cell in (default, Cell("hexagonal"))
        for point in POINTS
    ]
    found.check("Hill's relations, square and hexagonal, GPa", max(residuals), 1e-10)
    full = periodic_stiffness(POINT, degree=3)
    quarter = Cell(degree=3).stiffness(POINT)
    same = full[[0, 0, 1, 1, 3, 4], [0, 1, 1, 2, 3, 4]]
    found.check("full periodic cell in 3D, relative", _largest([same], [quarter]), 1e-8)
    found.check("off the symmetry in 3D, GPa", _off_symmetry(full), 1e-8)
    found.check("gradients against differences, relative", _gradient_error(default), 1e-6)
    found.check("C55 against Perrins et al., relative", _perrins_error(fine), 1e-6)
    found.check("phases of one shear modulus (Hill), relative", equal_shear_error(), 1e-8)
    found.check("holes (Cherkaev, Lurie and Milton), relative", holes_error(), 1e-6)
    hexagonal = Cell("hexagonal", degree=FINE).stiffness(POINT)
    off = abs((hexagonal[2] - hexagonal[3]) / 2 / hexagonal[4] - 1)
    found.check("hexagonal array: isotropy in the plane, relative", off, 1e-6)
    rows = [
        [", ".join(f"{value:g}" for value in point), *(f"{v:.8f}" for v in values)]
        for point, values in zip(POINTS, exact, strict=True)
    ]
    head = [" ".join(PARAMETERS), *STIFFNESSES]
    found.tables.append(Table("Stiffnesses of the square array, GPa", head, rows))
    return found


def _largest(found: Sequence[np.ndarray], exact: Sequence[np.ndarray]) -> float:
    return float(np.abs(np.array(found) / np.array(exact) - 1).max())


def _off_symmetry(full: np.ndarray) -> float:
    """Largest entry that the symmetry of the array forbids, and difference that it forbids."""
    rest = full.copy()
    rest[:3, :3] = 0
    np.fill_diagonal(rest, 0)
    pairs = (full[1, 1] - full[2, 2], full[0, 1] - full[0, 2], full[4, 4] - full[5, 5])
    return float(max(np.abs(rest).max(), *map(abs, pairs)))


def _gradient_error(cell: Cell) -> float:
    worst = 0.0
    _, gradient = cell.with_gradient(POINT)
    for k, step in enumerate(STEPS):
        ends = [np.array(POINT) + sign * step * np.eye(5)[k] for sign in (1, -1)]
        difference = (cell.stiffness(ends[0]) - cell.stiffness(ends[1])) / (2 * step)
        scale = np.abs(gradient[:, k]).max()
        worst = max(worst, float(np.abs(difference - gradient[:, k]).max() / scale))
    return worst


def _perrins_error(cell: Cell) -> float:
    worst = 0.0
    for ratio in RATIOS:
        for fraction in FRACTIONS:
            c55 = cell.stiffness((2.5, 0.25, 2.5 * ratio, 0.25, fraction))[5]
            worst = max(worst, abs(c55 / perrins(ratio, fraction) - 1))
    return worst
