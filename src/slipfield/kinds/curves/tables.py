"""Files of a study of curves: its alloys, shards, and the curves on the learners' grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield import __version__
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import complete_file, open_netcdf
from slipfield.kinds.curves.alloys import PUBLISHED, Alloy, read_alloys
from slipfield.kinds.curves.curve_set import CurveSet, closed_form
from slipfield.kinds.curves.study import CurvesStudy
from slipfield.kinds.curves.uniaxial import necking, stress_at

CHECKED = ("proof_stress_MPa", "ludwik_MPa", "modulus_GPa", "poisson_ratio", "exponent")
LEAST_PLASTIC = 1e-9


def study_alloys(study: CurvesStudy) -> list[Alloy]:
    """Alloys of a study's table."""
    alloys = read_alloys(study.table.path or PUBLISHED)
    return alloys[: study.table.first or None]


def write_study_netcdf(data: xr.Dataset, path: Path, study: CurvesStudy) -> None:
    """Write a NetCDF file with the study that made it, completely or not at all."""
    data = data.assign_attrs(
        slipfield_version=__version__,
        study=study.model_dump_json(),
        physics_hash=study.physics_hash(),
    )
    with complete_file(path) as temporary:
        data.to_netcdf(temporary, engine="netcdf4", format="NETCDF4")


def gather(study: CurvesStudy, shards: Sequence[Path], output: Path) -> xr.Dataset:
    """Put the tests of a study onto the learners' grid, beside the closed form, and write them.

    ``true_stress_MPa`` is the simulated flow curve up to the maximum of the load, in between
    interpolated over ln p, and the closed form beyond; ``valid`` says which points are before
    Considère's strain.

    Raises
    ------
    SlipfieldError
        If a shard belongs to another study or table, or an alloy is missing.
    """
    alloys = study_alloys(study)
    tests = {}
    for path in shards:
        with open_netcdf(path) as shard:
            if shard.attrs.get("physics_hash") != study.physics_hash():
                raise SlipfieldError(
                    f"{path}: made with another table or tension test; simulate it again"
                )
            for number in shard["alloy"].values:
                tests[int(number)] = shard.sel(alloy=number).load()
    if missing := [alloy.number for alloy in alloys if alloy.number not in tests]:
        raise SlipfieldError(f"shards: no test of alloy {missing[0]}; simulate its rows")
    for alloy in alloys:
        _check_same(alloy, tests[alloy.number])
    curves = closed_form(alloys, study.grid.points, study.grid.true_strain_to, True)
    data = _on_grid(study, curves, [tests[alloy.number] for alloy in alloys])
    write_study_netcdf(data, output, study)
    return data


def _check_same(alloy: Alloy, test: xr.Dataset) -> None:
    for name in CHECKED:
        if not np.isclose(float(test[name]), getattr(alloy, name)):
            raise SlipfieldError(
                f"table: alloy {alloy.number} has {name} {getattr(alloy, name):g}, but was "
                f"simulated with {float(test[name]):g}; simulate it again"
            )


def _on_grid(study: CurvesStudy, curves: CurveSet, tests: Sequence[xr.Dataset]) -> xr.Dataset:
    stress, scalars = curves.stress.copy(), []
    for row, (alloy, test) in enumerate(zip(curves.alloys, tests, strict=True)):
        stress[row] = simulated_stress(alloy, test, curves.strain, curves.stress[row])
        scalars.append(_compare(alloy, test))
    before = curves.strain <= curves.necking_strain[:, None]
    dims = ("alloy", "point")
    variables = {
        "true_stress_MPa": (dims, stress),
        "closed_form_MPa": (dims, curves.stress),
        "valid": (dims, before.astype("i1")),
        "necking_strain": ("alloy", curves.necking_strain),
        **{name: ("alloy", [row[name] for row in scalars]) for name in scalars[0]},
    }
    names = {"name": ("alloy", [a.name for a in curves.alloys])}
    coordinates = {
        "alloy": [alloy.number for alloy in curves.alloys],
        "true_strain": ("point", curves.strain),
    }
    return xr.Dataset({**variables, **names}, coords=coordinates)


def simulated_stress(
    alloy: Alloy, test: xr.Dataset, strain: np.ndarray, closed: np.ndarray
) -> np.ndarray:
    """Simulated true stress (points,), MPa, at true strains (points,), 1; ``closed`` beyond it."""
    from scipy.interpolate import PchipInterpolator

    middle, tau = test["middle_strain"].values, test["middle_stress_MPa"].values
    steps = int(np.nanargmax(test["stress_MPa"].values)) + 1
    plastic = middle[:steps] - tau[:steps] / alloy.modulus_MPa
    yielded = np.flatnonzero(plastic > LEAST_PLASTIC)
    if len(yielded) < 3:
        return closed
    yielded = yielded[np.append(True, np.diff(plastic[yielded]) > 0)]
    wanted = strain - closed / alloy.modulus_MPa
    inside = (wanted > plastic[yielded[0]]) & (wanted <= plastic[yielded[-1]])
    flow = PchipInterpolator(np.log(plastic[yielded]), tau[yielded])
    found = closed.copy()
    found[inside] = flow(np.log(wanted[inside]))
    return found


def _compare(alloy: Alloy, test: xr.Dataset) -> dict[str, float | str]:
    """How a test compares with the closed form up to its maximum, and with Considère."""
    top = necking(alloy.law, alloy.modulus_MPa)
    load = test["stress_MPa"].values
    steps = int(np.nanargmax(load)) + 1 if np.isfinite(load).any() else 0
    middle, tau = test["middle_strain"].values[:steps], test["middle_stress_MPa"].values[:steps]
    strain = np.log1p(test["strain"].values[:steps])
    nominal = stress_at(alloy.law, alloy.modulus_MPa, strain) * np.exp(-strain)
    local = stress_at(alloy.law, alloy.modulus_MPa, middle)
    ended = steps > 0 and steps < np.isfinite(load).sum()
    return {
        "local_error": float(np.max(np.abs(tau / local - 1))) if steps else np.nan,
        "nominal_error": float(np.max(np.abs(load[:steps] / nominal - 1))) if steps else np.nan,
        "peak_error": float(test["maximum_stress_MPa"]) / top.engineering_stress_MPa - 1
        if top and ended
        else np.nan,
        "pull_at_maximum_mm": float(test["pull_mm"].values[steps - 1]) if ended else np.inf,
        "cpu_s": float(test["cpu_s"]),
        "reason": str(test["reason"].values),
    }


def read_curves(study: CurvesStudy, path: Path) -> CurveSet:
    """Curves that :func:`gather` wrote, with the study's choice on points beyond necking.

    Raises
    ------
    SlipfieldError
        If the file is of another study.
    """
    alloys = study_alloys(study)
    with open_netcdf(path) as data:
        if data.attrs.get("physics_hash") != study.physics_hash():
            raise SlipfieldError(f"{path}: made with another table or tension test; gather again")
        strain, stress = data["true_strain"].values, data["true_stress_MPa"].values
        valid = data["valid"].values.astype(bool)
        ends = data["necking_strain"].values
    if study.grid.beyond_necking == "kept":
        valid = np.ones_like(valid)
    return CurveSet(tuple(alloys), strain, stress, valid, ends)
