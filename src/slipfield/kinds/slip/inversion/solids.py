"""Runs of a face in three dimensions for this process: the verb `simulate` in its environment."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.errors import NoEquilibrium, SlipfieldError
from slipfield.core.files import open_netcdf, write_text
from slipfield.core.numbers import percent
from slipfield.kinds.slip.design import one_sample, samples_text
from slipfield.kinds.slip.inversion.forward import Solver, start_verb
from slipfield.kinds.slip.study import Solid

SUBSURFACE = "subsurface"
"""Method of the estimate that subsurface sheets make: this face, with other grains drawn below."""

FEWEST_SHEETS = 4
FOIL_LAYERS = 2


@dataclass(frozen=True)
class SolidRun:
    """What a solid shows.

    Attributes
    ----------
    strain : (time, component, y, x) of the face, 1.  load : (time,) N.
    """

    strain: np.ndarray
    load: np.ndarray


@dataclass(frozen=True)
class Drawn:
    """What subsurface sheets say.

    Attributes
    ----------
    start : method whose estimate they were run at.  parameters : (3,) that estimate.
    ln_m : (n,) of each sheet, without the mesh's share.
    missed : (n, 3) by how much ln k of each sheet is missed by a membrane.
    shares : (n,) of the strength that each moves from k3 D^-1/2 to k2, beyond what M does.
    """

    start: str
    parameters: np.ndarray
    ln_m: np.ndarray
    missed: np.ndarray
    shares: np.ndarray

    def note(self, thickness: str) -> str:
        """What the thickness, in words, does to the answer."""
        return (
            f"The sheet is {thickness} thick. Its subsurface sheets are "
            f"{percent(np.expm1(self.ln_m.mean()))} ({percent(self.ln_m.std(ddof=1))} standard "
            "deviation) stronger than the membrane of the forward model; what such sheets are "
            "missed by was taken off k1, k2 and k3."
        )

    def to_json(self) -> dict[str, object]:
        """Content of ``subsurface`` in inversion.json."""
        return {
            "start": self.start,
            "parameters": self.parameters.tolist(),
            "ln_m": self.ln_m.tolist(),
            "missed_ln_k": self.missed.tolist(),
            "shares_to_k2": self.shares.tolist(),
        }


def run_solid(solver: Solver, parameters: np.ndarray, solid: Solid) -> SolidRun:
    """Run the solver's specimen in three dimensions at k1, k2, k3, or read the run if it is there.

    Parameters
    ----------
    solid : elements through the thickness and what lies below the face.

    Raises
    ------
    NoEquilibrium
        If the run does not reach the end of the loading.
    SlipfieldError
        If the solver cannot be started or fails for another reason.
    """
    study = solver.study.model_copy(update={"solid": solid})
    key = hashlib.sha256(study.model_dump_json().encode())
    key.update(solver.key(parameters).encode())
    name = f"solid-{key.hexdigest()[:16]}"
    path = solver.folder / f"{name}.nc"
    one = _whole(path)
    if one is None:
        write_text(solver.folder / f"{name}.yaml", study.as_yaml())
        with open_netcdf(solver.microstructure) as data:
            index = int(data.attrs["microstructure_index"])
        table = samples_text(one_sample(index, parameters))
        write_text(solver.folder / f"{name}.csv", table)
        files = {
            "config": f"{name}.yaml",
            "microstructure": solver.microstructure.name,
            "samples": f"{name}.csv",
        }
        start_verb("simulate", solver.folder, files, path.name, ["--rows", "0:1"])
        with open_netcdf(path) as data:
            one = data.isel(sample=0).load()
    if int(one["status"]):
        raise NoEquilibrium(f"{path}: the run in three dimensions failed: {one['reason'].item()}")
    return SolidRun(one["strain"].values, one["load"].values)


def run_foil(solver: Solver, parameters: np.ndarray, thickness_mm: float) -> SolidRun:
    """Run columns of the solver's grain map, ``thickness_mm`` thick, at k1, k2, k3.

    The load is brought to the thickness of the solver's study. What such a run differs by from the
    membrane is its mesh, but for little.
    """
    specimen = solver.study.specimen.model_copy(update={"thickness_mm": thickness_mm})
    study = solver.study.model_copy(update={"specimen": specimen})
    with open_netcdf(solver.microstructure) as data:
        thin = Solver.prepare(study, data.load(), solver.folder / "foil")
    run = run_solid(thin, parameters, Solid(layers=FOIL_LAYERS, grains="columns"))
    return SolidRun(run.strain, run.load * solver.study.specimen.thickness_mm / thickness_mm)


def _whole(path: Path) -> xr.Dataset | None:
    """The sample of a run; None where there is none, or a damaged one."""
    if path.exists():
        with suppress(SlipfieldError, OSError, RuntimeError), open_netcdf(path) as data:
            return data.isel(sample=0).load()
    return None
