"""Reading measured tension tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.measured import TensionTest
from slipfield.kinds.curves.uniaxial import OFFSET
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers import load_table
from slipfield.kinds.slip.measure.readers.tables import Column, read_table

STRAINS = ("engineering_strain", "nominal_strain", "strain")
STRESSES = ("engineering_stress", "nominal_stress", "stress")


def read_test(
    path: Path,
    gauge_length_mm: float | None = None,
    area_mm2: float | None = None,
    load_unit: str | None = None,
) -> TensionTest:
    """Read a test: columns of engineering strain and stress, or of extension and load.

    Parameters
    ----------
    gauge_length_mm, area_mm2 : turn extension and load into strain and stress.
    load_unit : of a load whose header names none.

    Raises
    ------
    SlipfieldError
        If columns, units, gauge length or area are missing or wrong, or the test has no rise to a
        maximum.
    """
    for name, value in (("gauge-length", gauge_length_mm), ("area", area_mm2)):
        if value is not None and not 0 < value < float("inf"):
            raise SlipfieldError(f"{name}: given {value:g}; expected more than 0")
    strain, stress = _columns(path, gauge_length_mm, area_mm2, load_unit)
    valid = np.isfinite(strain) & np.isfinite(stress)
    strain, stress = strain[valid], stress[valid]
    if len(strain) < 10:
        raise SlipfieldError(f"{path}: {len(strain)} rows with numbers; a test needs 10 or more")
    top = int(np.argmax(stress))
    strain, stress = strain[: top + 1], stress[: top + 1]
    ahead = strain >= np.maximum.accumulate(strain)  # the extensometer's noise goes back and forth
    strain, stress = strain[ahead], stress[ahead]
    strain, first = np.unique(strain, return_index=True)
    stress = stress[first]
    if len(strain) < 5 or strain[-1] <= OFFSET or strain[-1] > 2:
        raise SlipfieldError(
            f"{path}: the largest stress is at a strain of {strain[-1] if len(strain) else 0:g}; "
            "expected engineering strain (1, or % in the header) of a test beyond 0.2 %"
        )
    return TensionTest(strain, stress)


def _columns(
    path: Path, gauge_length_mm: float | None, area_mm2: float | None, load_unit: str | None
) -> tuple[np.ndarray, np.ndarray]:
    table = list(read_table(path).values())
    strain = _named(path, table, STRAINS, units.strain, "strain in % or 1")
    stress = _named(path, table, STRESSES, units.stress, "stress in MPa, GPa or psi")
    if strain is not None and stress is not None:
        return strain, stress
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
    if not curve.is_stress and area_mm2 is None:
        raise SlipfieldError(f"{path}: has load; give the initial cross-section as --area, mm²")
    return strain, curve.load if curve.is_stress else curve.load / (area_mm2 or 1.0)


def _named(
    path: Path,
    table: list[Column],
    names: tuple[str, ...],
    factor_of: Callable[[str], float | None],
    expected: str,
) -> np.ndarray | None:
    """Values of the column with one of the names, in MPa or 1; None if there is none."""
    for column in table:
        name = re.sub(r"[\s_]+", "_", column.name.strip().lower())
        for stem in names:
            tail = name.removeprefix(stem).strip("_")
            if not name.startswith(stem) or (tail and factor_of(tail) is None):
                continue
            given = tail or column.unit
            factor = factor_of(given)
            if factor is None:
                raise SlipfieldError(
                    f"{path}: unit {given or 'missing'!r} of column {column.name!r}; expected "
                    f"{expected}, as in {stem}_{'MPa' if names is STRESSES else '%'}"
                )
            return factor * column.values
    return None
