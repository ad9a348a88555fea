"""Reading measured tension tests: what of a file is the test, up to the maximum load."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.columns import engineering_columns
from slipfield.kinds.curves.measured import TensionTest
from slipfield.kinds.curves.uniaxial import OFFSET

LEAST_ROWS, LEAST_STRAINS = 10, 5
LARGEST_STRAIN = 2.0

SPIKE = 1.5
"""Stress over those of the rows beside it, 1, that is no metal's."""

EARLY_STRAIN, LATE_STRAIN, LATE_SHARE, RISE_AGAIN = 0.01, 0.02, 0.8, 1.02
"""A stress up to the first strain is an upper yield point if beyond the second the stress comes to
this share of it again, rising by a factor; Rm is what follows (ISO 6892-1, 3.9.2)."""

START = 0.1
"""Shares of the largest strain and stress so far, 1, below which a test begins anew."""

LOADED = 0.9
"""Share of the largest stress so far, 1, at which a strain that falls back is no unloading."""


def read_test(
    path: Path,
    gauge_length_mm: float | None = None,
    area_mm2: float | None = None,
    load_unit: str | None = None,
) -> TensionTest:
    """Read a test: columns of engineering or true strain and stress, or of extension and load.

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
    found = engineering_columns(path, gauge_length_mm, area_mm2, load_unit)
    strain, stress = found.strain, found.stress_MPa
    valid = np.isfinite(strain) & np.isfinite(stress)
    strain, stress = strain[valid], stress[valid]
    if len(strain) < LEAST_ROWS:
        raise SlipfieldError(f"{path}: {len(strain)} rows with numbers; a test needs 10 or more")
    strain, stress = _forward(path, strain, stress)
    _refuse_several(path, strain, stress)
    top = _maximum(path, strain, stress)
    largest = float(stress[top])
    strain, stress = strain[: top + 1], stress[: top + 1]
    end = _last_strain(strain, stress)
    strain, stress = strain[: end + 1], stress[: end + 1]
    ahead = strain >= np.maximum.accumulate(strain)  # the extensometer's noise goes back and forth
    strain, stress = strain[ahead], stress[ahead]
    strain, first = np.unique(strain, return_index=True)
    stress = stress[first]
    if len(strain) < LEAST_STRAINS or strain[-1] <= OFFSET or strain[-1] > LARGEST_STRAIN:
        raise SlipfieldError(
            f"{path}: the largest stress is at a strain of {strain[-1] if len(strain) else 0:g}; "
            "expected engineering strain (1, or % in the header) of a test beyond 0.2 %"
        )
    return TensionTest(strain, stress, largest, found.unused)


def _forward(path: Path, strain: np.ndarray, stress: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strain and stress from the test's beginning on, tension positive.

    Where one of them is negative, that is the machine's sign.
    """
    turned = [values[np.argmax(np.abs(values))] < 0 for values in (strain, stress)]
    if all(turned):
        raise SlipfieldError(
            f"{path}: strains and stresses are negative: compression; if it is a tension test, "
            "change both signs"
        )
    strain, stress = (-v if back else v for v, back in zip((strain, stress), turned, strict=True))
    if np.argmax(strain) == 0 and strain[-1] < START * strain[0]:
        strain, stress = strain[::-1], stress[::-1]
    return strain, stress


def _refuse_several(path: Path, strain: np.ndarray, stress: np.ndarray) -> None:
    """Refuse a file in which one test follows another.

    Raises
    ------
    SlipfieldError
        That names the row.
    """
    longest, largest = np.maximum.accumulate(strain), np.maximum.accumulate(stress)
    anew = (strain < START * longest) & (stress < START * largest) & (longest > EARLY_STRAIN)
    if not anew.any():
        return
    row = int(np.argmax(anew))
    if stress[row:].max() > largest[row] / 2 and strain[row:].max() > EARLY_STRAIN:
        raise SlipfieldError(
            f"{path}: strain and stress begin anew after {row} rows of numbers: several tests; "
            "leave one in the file"
        )


def _maximum(path: Path, strain: np.ndarray, stress: np.ndarray) -> int:
    """Row of the largest stress, of that after an upper yield point.

    Raises
    ------
    SlipfieldError
        If the row stands out from those beside it.
    """
    top = int(np.argmax(stress))
    inside = 0 < top < len(stress) - 1
    if inside and stress[top] > SPIKE * max(stress[top - 1], stress[top + 1]):
        raise SlipfieldError(
            f"{path}: the stress jumps to {stress[top]:.4g} MPa at a strain of {strain[top]:.4g} "
            "in one row alone; leave that row out"
        )
    late = np.flatnonzero((strain > LATE_STRAIN) & (np.arange(len(strain)) > top))
    if strain[top] > EARLY_STRAIN or not len(late):
        return top
    again = int(late[np.argmax(stress[late])])
    rises = stress[again] > RISE_AGAIN * stress[top : again + 1].min()
    return again if rises and stress[again] > LATE_SHARE * stress[top] else top


def _last_strain(strain: np.ndarray, stress: np.ndarray) -> int:
    """Row before the strain falls back under load, as an extensometer slips or is taken off."""
    steady = _steady(strain)
    longest, largest = np.maximum.accumulate(steady), np.maximum.accumulate(stress)
    back = (steady < longest - OFFSET) & (stress > LOADED * largest)
    return int(np.argmax(back)) - 1 if back.any() else len(strain) - 1


def _steady(values: np.ndarray) -> np.ndarray:
    """Running medians (n,) over a hundredth of the rows, at most 31."""
    half = min(len(values) // 200, 15)
    padded = np.pad(values, half, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)
