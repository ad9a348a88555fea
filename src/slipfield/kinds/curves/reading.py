"""Reading measured tension tests."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.measured import TensionTest
from slipfield.kinds.curves.uniaxial import OFFSET
from slipfield.kinds.slip.measure.readers import load_table
from slipfield.kinds.slip.measure.readers.tables import Column, read_table

STRAINS = ("engineering_strain", "nominal_strain", "strain")
STRESSES = ("engineering_stress", "nominal_stress", "stress")
STRAIN_UNITS = {"": 1.0, "1": 1.0, "mm/mm": 1.0, "-": 1.0, "%": 0.01, "percent": 0.01}
STRESS_UNITS = {"mpa": 1.0, "n/mm2": 1.0, "n/mm²": 1.0, "gpa": 1e3, "pa": 1e-6, "kpa": 1e-3}


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
        If columns, units, gauge length or area are missing, or the test has no rise to a maximum.
    """
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
    strain = _named(path, table, STRAINS, STRAIN_UNITS, "")
    stress = _named(path, table, STRESSES, STRESS_UNITS, None)
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
    units: dict[str, float],
    default: str | None,
) -> np.ndarray | None:
    """Values of the column with one of the names, in MPa or 1; None if there is none."""
    for column in table:
        name = re.sub(r"[\s_]+", "_", column.name.strip().lower())
        unit = column.unit.strip().lower()
        for stem in names:
            tail = name.removeprefix(stem).strip("_")
            if not name.startswith(stem) or (tail and tail not in units):
                continue
            given = tail or unit or default
            if given not in units:
                raise SlipfieldError(
                    f"{path}: unit {given or 'missing'!r} of column {column.name!r}; expected one "
                    f"of {', '.join(unit for unit in units if unit)}, as in {stem}_MPa"
                )
            return units[given] * column.values
    return None
