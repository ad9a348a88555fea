"""Tension tests of a batch of alloys: a shard."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.progress import track
from slipfield.kinds.curves.alloys import Alloy
from slipfield.kinds.curves.study import CurvesStudy, Tension
from slipfield.kinds.curves.tables import study_alloys, write_study_netcdf
from slipfield.kinds.curves.tension.equilibrium import Specimen
from slipfield.kinds.curves.tension.point import Material
from slipfield.kinds.curves.tension.specimen import Cells, Geometry
from slipfield.kinds.curves.tension.stepping import Record, run_test

SERIES = {
    "pull_mm": "Elongation between the grips, mm",
    "strain": "Engineering strain of the extensometer, 1",
    "stress_MPa": "Load over initial cross-section, MPa",
    "middle_strain": "Logarithmic strain in the middle, 1",
    "middle_stress_MPa": "Kirchhoff stress in the middle, MPa",
}


def make_specimen(settings: Tension) -> Specimen:
    """Specimen of a study."""
    geometry = Geometry(
        width_mm=settings.width_mm,
        thickness_mm=settings.thickness_mm,
        gauge_length_mm=settings.gauge_length_mm,
        parallel_length_mm=settings.parallel_length_mm,
        radius_mm=settings.radius_mm,
        grip_width_mm=settings.grip_width_mm,
        taper=settings.taper,
    )
    dimension = 2 if settings.space == "plane" else 3
    return Specimen(
        geometry, Cells().finer(settings.refinement), dimension, settings.strain == "finite"
    )


def simulate_rows(study: CurvesStudy, rows: tuple[int, int], output: Path) -> None:
    """Test the alloys in rows [first, last) of the study's table and write a shard.

    Raises
    ------
    SlipfieldError
        If the rows are not in the table, or the file cannot be written.
    """
    alloys = study_alloys(study)
    first, last = rows
    if last > len(alloys):
        raise SlipfieldError(f"rows: given {first}:{last}; the table has {len(alloys)} alloys")
    specimen = make_specimen(study.tension)
    batch = alloys[first:last]
    tests = [_test(specimen, alloy, study.tension) for alloy in track(batch, "Tension tests")]
    write_study_netcdf(_dataset(batch, tests), output, study)


def _test(specimen: Specimen, alloy: Alloy, settings: Tension) -> tuple[Record, float, str]:
    """Test, CPU seconds and, if it failed, why: a failed test is data."""
    start = time.process_time()
    material = Material(alloy.modulus_MPa, alloy.poisson_ratio, alloy.law)
    try:
        record, reason = run_test(specimen, material, settings.largest_elongation_mm), ""
    except SlipfieldError as error:
        record, reason = Record(), str(error)
    return record, time.process_time() - start, reason


def _dataset(batch: Sequence[Alloy], tests: Sequence[tuple[Record, float, str]]) -> xr.Dataset:
    steps = max(1, *(len(record.strain) for record, _, _ in tests))

    def padded(name: str) -> np.ndarray:
        rows = np.full((len(tests), steps), np.nan)
        for row, (record, _, _) in zip(rows, tests, strict=True):
            values = getattr(record, name)
            row[: len(values)] = values
        return rows

    series = {
        name: (("alloy", "step"), padded(name), {"long_name": text})
        for name, text in SERIES.items()
    }
    tops = [record.maximum() if record.strain else (np.nan, np.nan) for record, _, _ in tests]
    scalars = {
        "maximum_strain": [strain for strain, _ in tops],
        "maximum_stress_MPa": [stress for _, stress in tops],
        "cpu_s": [seconds for _, seconds, _ in tests],
        "reason": [reason for _, _, reason in tests],
    }
    numbers = {"alloy": [alloy.number for alloy in batch]}
    data = {**series, **{name: ("alloy", values) for name, values in scalars.items()}}
    keys = ("proof_stress_MPa", "ludwik_MPa", "modulus_GPa", "poisson_ratio", "exponent")
    data |= {key: ("alloy", [getattr(alloy, key) for alloy in batch]) for key in keys}
    return xr.Dataset(data, coords=numbers)
