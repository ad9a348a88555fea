"""Columns of measured tension tests: engineering strain and stress, whatever a file has of them.

Names are met in English, German and French. A "strain" or "stress" without further words is the
engineering one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers import load_table
from slipfield.kinds.slip.measure.readers.load_table import fits, name_parts, pick, scaled
from slipfield.kinds.slip.measure.readers.tables import Column, read_table

STRAINS = (
    r"(engineering|eng|nominal|conventional)_strain(_1)?",
    r"((tensile|axial|longitudinal|extensometer|video|dic)_)?strain(_1)?",
    r"(technische_?|nenn_?)?dehnung|d.formation(_nominale|_conventionnelle)?|epsilon|\u03b5",
)
STRESSES = (
    r"(engineering|eng|nominal|conventional)_stress",
    *load_table.STRESSES,
    r"technische_spannung|contrainte_conventionnelle|sigma|\u03c3",
)
TRUE_STRAINS = (
    r"(true|logarithmic|log|hencky)_strain|wahre_dehnung|d.formation_(vraie|rationnelle)",
)
TRUE_STRESSES = (r"(true|cauchy)_stress|wahre_spannung|contrainte_vraie",)

KNOWN = (*STRAINS, *TRUE_STRAINS, *STRESSES, *TRUE_STRESSES)


def engineering_columns(
    path: Path, gauge_length_mm: float | None, area_mm2: float | None, load_unit: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Engineering strain (n,), 1, and stress (n,), MPa, of the rows of a test.

    They are the file's, or made of its true ones, or of extension and load.

    Raises
    ------
    SlipfieldError
        If columns, units, gauge length or area are missing or wrong.
    """
    table = list(read_table(path, knows=_knows).values())
    strain = _read(path, table, STRAINS, units.strain, "strains")
    if strain is None:
        true = _read(path, table, TRUE_STRAINS, units.strain, "true strains")
        strain = None if true is None else np.expm1(true)
    stress = _read(path, table, STRESSES, units.stress, "stresses")
    true_stress = _read(path, table, TRUE_STRESSES, units.stress, "true stresses")
    if stress is None and true_stress is not None:
        if strain is None:
            raise SlipfieldError(f"{path}: no column of strain beside the true stress")
        stress = true_stress / (1 + strain)
    if strain is not None and stress is not None:
        return strain, stress
    return _of_loads(path, strain, gauge_length_mm, area_mm2, load_unit)


def _of_loads(
    path: Path,
    strain: np.ndarray | None,
    gauge_length_mm: float | None,
    area_mm2: float | None,
    load_unit: str | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Engineering strain and stress where the file has no strain, no stress, or neither."""
    curve = load_table.read(path, load_unit)
    if strain is None:
        if curve.displacement is None:
            raise SlipfieldError(
                f"{path}: no column of strain or extension; expected engineering_strain, or "
                "extension_mm with --gauge-length"
            )
        if gauge_length_mm is None:
            raise SlipfieldError(f"{path}: has extension; give --gauge-length, mm")
        strain = curve.displacement / gauge_length_mm
    elif len(strain) != len(curve.load):
        raise SlipfieldError(f"{path}: rows without a load or of a time twice; leave them out")
    if not curve.is_stress and area_mm2 is None:
        raise SlipfieldError(f"{path}: has load; give the initial cross-section as --area, mm²")
    return strain, curve.load if curve.is_stress else curve.load / (area_mm2 or 1.0)


def _knows(names: Sequence[str]) -> bool:
    """Whether names of columns are those of a tension test."""
    return load_table.knows(names) or any(fits(name_parts(name)[0], KNOWN) for name in names)


def _read(
    path: Path,
    table: Sequence[Column],
    names: tuple[str, ...],
    factor_of: Callable[[str], float | None],
    what: str,
) -> np.ndarray | None:
    """Values of the column with one of the names, in MPa or 1; None if there is none."""
    column = pick(path, table, names, what)
    if column is None:
        return None
    if factor_of is units.strain:
        return scaled(path, column, factor_of, "% or 1, as in strain_%")
    return scaled(path, column, factor_of, "MPa, GPa or psi, as in stress_MPa", bare=None)
