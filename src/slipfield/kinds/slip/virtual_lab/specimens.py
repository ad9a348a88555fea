"""Simulated sheets with the displacements of their nodes."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from scipy.spatial import cKDTree

from slipfield.core.cache import cached_arrays
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_netcdf, write_text
from slipfield.kinds.slip.design import one_sample, samples_text
from slipfield.kinds.slip.inversion.forward import start_verb
from slipfield.kinds.slip.measure.unseen import random_parameters, unseen_study
from slipfield.kinds.slip.specimen.mesh import Mesh
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import PARAMETERS, Study

DISPLACEMENT = "Function/displacement_mm"


@dataclass(frozen=True)
class Sheet:
    """A simulated sheet.

    Attributes
    ----------
    study, microstructure : its study, and the file of its grain map.
    parameters : (3,) true k1, k2, k3.
    time, load : (time,) s and N.
    displacements : (time, 2, ny, nx) along x and y at the nodes, mm.
    """

    study: Study
    microstructure: Path
    parameters: np.ndarray
    time: np.ndarray
    load: np.ndarray
    displacements: np.ndarray

    @property
    def mesh(self) -> Mesh:
        """Nodes of the undeformed sheet."""
        return Mesh.read(self.microstructure)


def simulated(trained: Study, number: int, cells: int, folder: Path) -> Sheet:
    """Simulate unseen specimen ``number`` of a model's study, or read what is there.

    Raises
    ------
    SlipfieldError
        If the simulation fails.
    """
    first = trained.specimen.microstructures
    study = unseen_study(trained, number + 1, cells)
    parameters = random_parameters(trained, number + 1, seed=first)[number]
    grains, moved = folder / "microstructure.nc", folder / "displacements.npz"

    def make() -> dict[str, np.ndarray]:
        write_text(folder / "study.yaml", study.as_yaml())
        write_netcdf(make_microstructure(study, first + number), grains, study)
        write_text(folder / "samples.csv", samples_text(one_sample(first + number, parameters)))
        named = {n: float(v) for n, v in zip(PARAMETERS, parameters, strict=True)}
        write_text(folder / "truth.json", json.dumps({"parameters": named}, indent=1) + "\n")
        files = {
            "config": "study.yaml",
            "microstructure": grains.name,
            "samples": "samples.csv",
            "fields": "fields",
        }
        start_verb("simulate", folder, files, "shard.nc", ["--rows", "0:1"])
        return _displacements(folder)

    kept = cached_arrays(moved, ("time", "load", "displacements"), make)
    shutil.rmtree(folder / "fields", ignore_errors=True)
    return Sheet(study, grains, parameters, **kept)


def _displacements(folder: Path) -> dict[str, np.ndarray]:
    """Time, load, and displacements in the order of the mesh, of what the solver wrote."""
    mesh = Mesh.read(folder / "microstructure.nc")
    (path,) = (folder / "fields").glob("*/fields.h5")
    with h5py.File(path) as file:
        distance, order = cKDTree(file["Mesh/mesh/geometry"][:]).query(mesh.positions)
        if distance.max() > 1e-6 * np.ptp(mesh.x):
            raise SlipfieldError(f"{path}: its nodes are not those of the grain map")
        group = file[DISPLACEMENT]
        names = sorted(group, key=lambda name: float(name.replace("_", ".")))
        moved = [group[name][:][order, :2].T.reshape(2, *mesh.shape) for name in names]
    with open_netcdf(folder / "shard.nc") as data:
        if data["status"].values[0]:
            raise SlipfieldError(f"{folder}: {data['reason'].values[0]}")
        time, load = data["time"].values, data["load"].values[0]
    return {"time": time, "load": load, "displacements": np.stack(moved)}
