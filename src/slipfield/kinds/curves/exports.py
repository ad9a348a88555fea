"""Tables of a curve for solvers: true stress over plastic strain, as they read it.

Solvers take the stress for Cauchy's: that is s (1 + e), the Kirchhoff stress of the test, over the
elastic change of volume, 1 + (1 - 2 nu) stress / E, 0.2 % at 1000 MPa in steel. Plastic strain is
logarithmic in Abaqus and LS-DYNA. CalculiX has Simo's measure (Simo & Hughes, Computational
Inelasticity, 1998, box 9.1), which grows faster by the elastic strain: dp' = (1 + stress / 3 G) dp
in tension.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.kinds.curves.laws import HardeningLaw, Tabulated
from slipfield.kinds.curves.product import Curve

MOST_ROWS = 100
ACCURACY = 2e-4
"""Largest relative error of straight lines between the rows, 1, unless that takes more rows."""

LEAST_STRAIN = 1e-6
"""Plastic strain, 1, up to which a straight line is good enough: a power law of a small exponent
rises without end towards 0."""

POINTS_BETWEEN = 9


def solver_table(law: HardeningLaw, top: float) -> Tabulated:
    """At most 100 rows from plastic strain 0 to ``top``, 1; strain and stress ascend strictly.

    Rows go where straight lines are worst, beyond a plastic strain of :data:`LEAST_STRAIN`.

    Raises
    ------
    SlipfieldError
        If the flow stress falls on the way: solvers refuse or misread softening here.
    """
    rows = [0.0, top]
    errors = [_error(law, 0.0, top)]
    while len(rows) < MOST_ROWS and max(errors) > ACCURACY:
        worst = int(np.argmax(errors))
        low, high = rows[worst], rows[worst + 1]
        middle = high / 8 if low == 0 else (low * high) ** 0.5
        rows.insert(worst + 1, middle)
        errors[worst : worst + 1] = [_error(law, low, middle), _error(law, middle, high)]
    strains = np.array([float(f"{row:.9e}") for row in rows])
    stresses = np.array([float(f"{value:.8e}") for value in law.flow(strains)])
    if not (np.all(np.diff(strains) > 0) and np.all(np.diff(stresses) > 0)):
        raise SlipfieldError(
            "export: the flow stress does not rise from row to row; choose another law"
        )
    return Tabulated(tuple(strains), tuple(stresses))


def _error(law: HardeningLaw, low: float, high: float) -> float:
    """Largest relative error of the straight line between two plastic strains, 1."""
    if high <= LEAST_STRAIN:
        return 0.0
    share = np.linspace(0, 1, POINTS_BETWEEN + 2)[1:-1]
    share = np.concatenate([share**3, share])  # p^n starts steeply
    exact = law.flow(low + share * (high - low))
    ends = law.flow(np.array([low, high]))
    return float(np.max(np.abs((ends[0] + share * (ends[1] - ends[0])) / exact - 1)))


def cauchy_table(curve: Curve) -> Tabulated:
    """Cauchy stress over logarithmic plastic strain, up to necking, as Abaqus and LS-DYNA read it.

    The rows are those of :func:`solver_table`.
    """
    table = solver_table(curve.law, curve.necking.plastic_strain)
    stress = np.asarray(table.stress_MPa)
    volume = (1 - 2 * curve.material.poisson_ratio) * stress / curve.sheet.modulus_MPa
    return Tabulated(table.plastic_strain, tuple(stress * np.exp(-volume)))


def simo_table(curve: Curve) -> Tabulated:
    """Cauchy stress over Simo's plastic strain, up to necking, as CalculiX reads it."""
    table = cauchy_table(curve)
    plastic, stress = np.asarray(table.plastic_strain), np.asarray(table.stress_MPa)
    elastic = 2 * (1 + curve.material.poisson_ratio) / 3 * stress / curve.sheet.modulus_MPa
    more = np.diff(plastic) * (elastic[1:] + elastic[:-1]) / 2
    strain = plastic + np.concatenate([[0.0], np.cumsum(more)])
    return Tabulated(tuple(strain), table.stress_MPa)


def abaqus(curve: Curve, table: Tabulated) -> str:
    """Material of an Abaqus input file, in mm, t, s, MPa."""
    return "\n".join([*_comments(curve, "** "), *_keywords(curve, table), ""])


def calculix(curve: Curve, table: Tabulated) -> str:
    """Material of a CalculiX input file, in mm, t, s, MPa."""
    keywords = _keywords(curve, table)
    keywords[keywords.index("*PLASTIC")] = "*PLASTIC, HARDENING=ISOTROPIC"
    return "\n".join([*_comments(curve, "** "), *keywords, ""])


def lsdyna(curve: Curve, table: Tabulated) -> str:
    """Material 24 of LS-DYNA with its load curve, in mm, t, s, MPa."""
    material = curve.material
    modulus = curve.sheet.modulus_MPa
    cards = [
        "*KEYWORD",
        *_comments(curve, "$ "),
        "*MAT_PIECEWISE_LINEAR_PLASTICITY",
        "$#     mid        ro         e        pr      sigy      etan      fail      tdel",
        f"{1:>10d}{material.density_kg_m3 * 1e-12:>10.3E}{modulus:>10.1f}"
        f"{material.poisson_ratio:>10.3f}{table.stress_MPa[0]:>10.3f}{0:>10.1f}{1e21:>10.2E}{0:>10.1f}",
        "$#       c         p      lcss      lcsr        vp",
        f"{0:>10.1f}{0:>10.1f}{1:>10d}{0:>10d}{0:>10.1f}",
        "$#    eps1      eps2      eps3      eps4      eps5      eps6      eps7      eps8",
        f"{0:>10.1f}" * 8,
        "$#     es1       es2       es3       es4       es5       es6       es7       es8",
        f"{0:>10.1f}" * 8,
        "*DEFINE_CURVE",
        "$#    lcid      sidr       sfa       sfo      offa      offo    dattyp",
        f"{1:>10d}{0:>10d}{1:>10.1f}{1:>10.1f}{0:>10.1f}{0:>10.1f}{0:>10d}",
        "$#                a1                  o1",
        *(f"{strain:>20.9E}{stress:>20.8E}" for strain, stress in _rows(table)),
        "*END",
        "",
    ]
    return "\n".join(cards)


FORMATS: dict[str, tuple[str, Callable[[Curve], Tabulated], Callable[[Curve, Tabulated], str]]] = {
    "abaqus": ("curve_abaqus.inp", cauchy_table, abaqus),
    "calculix": ("curve_calculix.inp", simo_table, calculix),
    "lsdyna": ("curve_lsdyna.k", cauchy_table, lsdyna),
}
"""File, table and text by solver."""


def write_export(curve: Curve, solver: str, folder: Path) -> Path:
    """Write the table of a curve for a solver into a folder.

    Raises
    ------
    SlipfieldError
        If the solver is unknown or the file cannot be written.
    """
    if solver not in FORMATS:
        raise SlipfieldError(f"export: given {solver!r}; expected one of {', '.join(FORMATS)}")
    name, table_of, text = FORMATS[solver]
    write_text(folder / name, text(curve, table_of(curve)))
    return folder / name


def other_exports(folder: Path, solvers: Collection[str]) -> list[Path]:
    """Tables in a folder for other solvers than these: they are of an earlier curve."""
    paths = [folder / name for solver, (name, *_) in FORMATS.items() if solver not in solvers]
    return [path for path in paths if path.exists()]


def _rows(table: Tabulated) -> list[tuple[float, float]]:
    return list(zip(table.plastic_strain, table.stress_MPa, strict=True))


def _comments(curve: Curve, sign: str) -> list[str]:
    sheet, material = curve.sheet, curve.material
    return [
        f"{sign}{curve.law_name} curve: Rp0.2 {sheet.proof_stress_MPa:g} MPa, "
        f"Rm {sheet.strength_MPa:g} MPa, E {sheet.modulus_GPa:g} GPa",
        f"{sign}Cauchy stress over plastic strain, up to necking at a logarithmic plastic strain "
        f"of {curve.necking.plastic_strain:.5f}; mm, t, s, MPa",
        f"{sign}density and Poisson's ratio are typical of {material.name}",
    ]


def _keywords(curve: Curve, table: Tabulated) -> list[str]:
    material = curve.material
    return [
        f"*MATERIAL, NAME={material.name.upper()}",
        "*DENSITY",
        f"{material.density_kg_m3 * 1e-12:.3e}",
        "*ELASTIC",
        f"{curve.sheet.modulus_MPa:.1f}, {material.poisson_ratio:g}",
        "*PLASTIC",
        *(f"{stress:.8e}, {strain:.9e}" for strain, stress in _rows(table)),
    ]
