"""Cells of a study: which parameter points are solved, and the file of what came out."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.stats import qmc

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_netcdf
from slipfield.core.reading import reading
from slipfield.core.sobol import sobol_points
from slipfield.kinds.composite.answers import write_table
from slipfield.kinds.composite.constants import CONSTANTS
from slipfield.kinds.composite.parameters import PARAMETERS, UNITS
from slipfield.kinds.composite.quadratic import central_composite
from slipfield.kinds.composite.study import CompositeStudy

FIT, TEST = "fit", "test"
"""Roles of a sample: of the central composite design, or a Sobol point of the comparison."""


def write_samples(study: CompositeStudy, output: Path) -> int:
    """Write central composite design and Sobol points of a study (CSV); give their number."""
    bounds = study.box()
    fit = central_composite(bounds)
    count = study.surrogate.test_points
    unit = sobol_points(qmc.Sobol(5, seed=study.surrogate.seed), count)
    test = bounds[0] + unit * np.ptp(bounds, axis=0)
    rows = [[i, FIT, *point] for i, point in enumerate(fit)]
    rows += [[len(fit) + i, TEST, *point] for i, point in enumerate(test)]
    write_table(output, ["sample", "role", *PARAMETERS], rows)
    return len(rows)


def read_samples(path: Path) -> tuple[np.ndarray, list[str]]:
    """Parameters (n, 5) and roles of a table of samples.

    Raises
    ------
    SlipfieldError
        If the file is missing or is not such a table.
    """
    with reading(path, "composite samples"):
        with open(path, newline="") as handle:
            rows = list(csv.DictReader(handle))
        points = np.array([[float(row[name]) for name in PARAMETERS] for row in rows])
        return points.reshape(-1, 5), [row["role"] for row in rows]


def solve_samples(study: CompositeStudy, samples: Path, output: Path) -> int:
    """Solve the cell of every sample and write constants and gradients (NetCDF)."""
    from slipfield.kinds.composite.cell import Cell

    points, roles = read_samples(samples)
    cell = Cell.of(study.cell)
    values, gradients = cell.constants(points)
    data = xr.Dataset(
        {
            "parameters": (("sample", "parameter"), points),
            "role": (("sample",), roles),
            "constants": (("sample", "constant"), values, {"units": "GPa or 1"}),
            "gradients": (("sample", "constant", "parameter"), gradients),
        },
        coords={
            "parameter": list(PARAMETERS),
            "unit": ("parameter", [UNITS[name] for name in PARAMETERS]),
            "constant": list(CONSTANTS),
        },
    )
    write_netcdf(data, output, study)
    return len(points)


def read_cells(path: Path) -> xr.Dataset:
    """Read what :func:`solve_samples` wrote, into memory.

    Raises
    ------
    SlipfieldError
        If the file is missing or not one of these.
    """
    with open_netcdf(path) as data:
        if not {"parameters", "role", "constants"} <= set(data.variables):
            raise SlipfieldError(
                f"{path}: not a file of solved cells; `composite cells` writes one"
            )
        return data.load()


def read_fields(path: Path) -> xr.Dataset:
    """Read the stress fields that ``composite fields`` wrote, into memory.

    Raises
    ------
    SlipfieldError
        If the file is missing or not one of these.
    """
    with open_netcdf(path) as data:
        if not {"x", "y", "s22", "s23", "s12", "parameters"} <= set(data.variables):
            raise SlipfieldError(f"{path}: not a file of fields; `composite fields` writes one")
        return data.load()


def of_role(data: xr.Dataset, role: str) -> tuple[np.ndarray, np.ndarray]:
    """Parameters (n, 5) and constants (n, 12) of the samples with a role."""
    chosen = data["role"].values == role
    return data["parameters"].values[chosen], data["constants"].values[chosen]
