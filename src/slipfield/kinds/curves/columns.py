"""Columns of measured tension tests: engineering strain and stress, whatever a file has of them.

Names are met in English, German and French. A "strain" or "stress" without further words is the
engineering one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers import load_table
from slipfield.kinds.slip.measure.readers.load_table import (
    by_unit,
    fits,
    name_parts,
    pick,
    scaled,
    unit_of,
)
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

FAR, UNLOADED = 0.01, 0.1
"""Strain at which no test begins, 1, and share of the largest load that is little, 1."""

KNOWN = (*STRAINS, *TRUE_STRAINS, *STRESSES, *TRUE_STRESSES)


@dataclass(frozen=True)
class Readings:
    """Engineering strain (n,), 1, and stress (n,), MPa, of the rows of a test.

    ``unused`` names the options that the file's own columns left nothing to do.
    """

    strain: np.ndarray
    stress_MPa: np.ndarray
    unused: tuple[str, ...]


def engineering_columns(
    path: Path, gauge_length_mm: float | None, area_mm2: float | None, load_unit: str | None
) -> Readings:
    """Strain and stress of a file: its own, made of its true ones, or of extension and load.

    Raises
    ------
    SlipfieldError
        If columns, units, gauge length or area are missing or wrong.
    """
    table = list(read_table(path, knows=_knows).values())
    strain = _strain(path, table)
    stress = _stress(path, table, load_unit)
    true_stress = _read(path, table, TRUE_STRESSES, units.stress, "true stresses")
    if stress is None and true_stress is not None:
        if strain is None:
            raise SlipfieldError(f"{path}: no column of strain beside the true stress")
        stress = true_stress / (1 + strain)
    options = {
        "gauge-length": gauge_length_mm is not None and strain is not None,
        "area": area_mm2 is not None and stress is not None,
    }
    unused = tuple(name for name, idle in options.items() if idle)
    if strain is not None and stress is not None:
        return Readings(strain, stress, unused)
    return Readings(*_of_loads(path, strain, gauge_length_mm, area_mm2, load_unit), unused)


def _strain(path: Path, table: Sequence[Column]) -> np.ndarray | None:
    """Engineering strain (n,), 1, of a file that has some: an elongation in % is one too.

    Columns that stay empty or at one number are channels without an extensometer.
    """
    table = [c for c in table if len(np.unique(c.values[np.isfinite(c.values)])) > 1]
    strain = _read(path, table, STRAINS, units.strain, "strains")
    if strain is None:
        true = _read(path, table, TRUE_STRAINS, units.strain, "true strains")
        strain = None if true is None else np.expm1(true)
    if strain is None:
        relative = [c for c in table if units.plain(unit_of(c)) in units.STRAINS]
        strain = _read(path, relative, load_table.EXTENSIONS, units.strain, "elongations")
    return strain


def _stress(path: Path, table: Sequence[Column], unit: str | None) -> np.ndarray | None:
    """Engineering stress (n,), MPa, of a file that has some.

    ``unit`` is that of a column without one. Where there are no loads, the only column in a unit of
    stress is the stress whatever its name.
    """
    column = pick(path, table, STRESSES, "stresses")
    loads = pick(path, table, load_table.LOADS, "loads") or by_unit(table, units.force)
    if column is None and loads is None and not pick(path, table, TRUE_STRESSES, "true stresses"):
        column = by_unit(table, units.stress)
    if column is None:
        return None
    bare = units.stress(unit) if unit else None
    return scaled(path, column, units.stress, "MPa, GPa or psi, as in stress_MPa", bare)


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
            names = ", ".join(repr(each.name) for each in read_table(path, knows=_knows).values())
            raise SlipfieldError(
                f"{path}: no column of strain or extension that changes among {names}; call one "
                "engineering_strain, or extension_mm with --gauge-length"
            )
        if gauge_length_mm is None:
            raise SlipfieldError(f"{path}: has extension; give --gauge-length, mm")
        strain = _from_start(curve.displacement / gauge_length_mm, curve.load)
    elif len(strain) != len(curve.load):
        raise SlipfieldError(f"{path}: rows without a load or of a time twice; leave them out")
    if not curve.is_stress and area_mm2 is None:
        raise SlipfieldError(f"{path}: has load; give the initial cross-section as --area, mm²")
    return strain, curve.load if curve.is_stress else curve.load / (area_mm2 or 1.0)


def _from_start(strain: np.ndarray, load: np.ndarray) -> np.ndarray:
    """Strain that counts from the first row where that is far from 0, under little load.

    It was a length, or a place of the crosshead.
    """
    valid = np.flatnonzero(np.isfinite(strain) & np.isfinite(load))
    if not len(valid):
        return strain
    start, loaded = strain[valid[0]], abs(load[valid[0]]) / np.abs(load[valid]).max()
    return strain - start if abs(start) > FAR and loaded < UNLOADED else strain


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
    return scaled(path, column, factor_of, "MPa, GPa or psi, as in true_stress_MPa", bare=None)
