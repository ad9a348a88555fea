"""Unseen sheets in three dimensions as measurement files, imported as a laboratory's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.bench.measuring import import_measured, write_measured
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.solids import run_foil, run_solid
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.specimen.size import mean_diameter
from slipfield.kinds.slip.study import Solid, Study, check_study, layers_of_cubes
from slipfield.kinds.slip.thickness.factor import direction
from slipfield.kinds.slip.thickness.prior import FOIL, LN_M_FOIL

SEEDS_BELOW = 1000
"""Seeds of what lies below the faces begin here: `--subsurface` draws with the first few."""


def sheet_study(base: Study, ratio: float, cells: int, grains: int, seed: int) -> Study:
    """Study of sheets of ``ratio`` grain diameters with a seed of their own."""
    content = base.model_dump(mode="json")
    sheet = content["specimen"]
    diameter = mean_diameter(sheet["width_mm"] * sheet["height_mm"], grains)
    sheet |= {"cells_x": cells, "cells_y": cells, "grains": grains, "seed": seed}
    sheet["thickness_mm"] = float(ratio * diameter)
    return check_study(content, "sheet")


def middle_parameters(study: Study, seed: tuple[int, ...]) -> np.ndarray:
    """k1, k2, k3 (3,) at random in the middle half of the box, on logarithmic axes."""
    low, high = np.log(np.array(study.sampling.box)).T
    share = np.random.default_rng(seed).uniform(0.25, 0.75, 3)
    return np.exp(low + (high - low) * share)


def layers_of(study: Study, field: str = "specimen.thickness_mm") -> int:
    """Layers of cubes.

    Parameters
    ----------
    field : that gave the thickness.

    Raises
    ------
    SlipfieldError
        If they are too many.
    """
    sheet = study.specimen
    return layers_of_cubes(field, sheet.thickness_mm, sheet.height_mm / sheet.cells_y)


def make_sheet(study: Study, number: int, truth: np.ndarray, work: Path) -> Path:
    """Simulate a sheet with grains below its face; returns the specimen file that is imported.

    What the solid differs by from thin columns on the same mesh is added to the membrane, so that
    strain and load are without what the mesh of solids costs.
    """
    path = work / "specimen.nc"
    if path.exists():
        return path
    solver = Solver.prepare(study, make_microstructure(study, number), work / "solid")
    sheet = study.specimen
    solid = Solid(layers=layers_of(study), grains="grains", seed=SEEDS_BELOW + number)
    run, membrane = run_solid(solver, truth, solid), solver.run(truth)
    diameter = mean_diameter(sheet.width_mm * sheet.height_mm, sheet.grains)
    foil = run_foil(solver, truth, FOIL * diameter)
    with open_netcdf(solver.microstructure) as data:
        grains = data.load()
    count = np.bincount(grains["element_grain"].values.ravel(), minlength=sheet.grains)
    along = direction(study.material, truth, grains["size"].values, count)
    load = run.load - foil.load + membrane.load + LN_M_FOIL * (along @ membrane.load_rates)
    strain = run.strain - foil.strain + membrane.strain
    shown = replace(membrane, strain=strain, load=load)
    _import(shown, truth, grains, study, number, work / "laboratory", path)
    return path


def make_membrane(study: Study, number: int, truth: np.ndarray, work: Path) -> Path:
    """Simulate a membrane that is as thin as the study says; returns the specimen file."""
    path = work / "specimen.nc"
    if path.exists():
        return path
    solver = Solver.prepare(study, make_microstructure(study, number), work / "membrane")
    run = solver.run(truth)
    with open_netcdf(solver.microstructure) as data:
        grains = data.load()
    _import(run, truth, grains, study, number, work / "laboratory", path)
    return path


def _import(
    run: Reference,
    truth: np.ndarray,
    grains: xr.Dataset,
    study: Study,
    seed: int,
    files: Path,
    path: Path,
) -> None:
    """Write the measurement files of a run, and the specimen file that their import makes."""
    cell = study.specimen.height_mm / study.specimen.cells_y
    write_measured(run, truth, grains, study, cell, seed, files)
    import_measured(files, path)
