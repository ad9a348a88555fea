"""Real inversions of fresh specimens of a design: is kept what its information promises."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import eye_array

from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.preparation import box_prior
from slipfield.kinds.slip.inversion.refine import Problem, refine
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.measure.unseen import random_parameters
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.mesh import Mesh
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.specimen_design.variables import designed
from slipfield.kinds.slip.study import Noise, Study

SEEDS = 500_000
"""Added to the seeds of grain maps: none of them has been seen by a search."""

SOLVES = 8


@dataclass(frozen=True)
class Inverted:
    """One fresh specimen: (3,) true ln k, estimated ones, and standard deviations of the latter."""

    true: np.ndarray
    found: np.ndarray
    deviation: np.ndarray
    converged: bool


def invert_fresh(study: Study, values: Mapping[str, float], number: int) -> Inverted:
    """Simulate specimen ``number`` of a design with random k1, k2, k3, measure and invert it.

    Strain is read at every second node, as far apart as the gauge of a nodal mean is wide, with the
    study's noise. The inversion starts at the centre of the box and runs the same mesh: what a mesh
    leaves unresolved is not part of the question.

    Raises
    ------
    SlipfieldError
        If the design is refused or a run fails.
    """
    sheet = designed(study, values, SEEDS + number)
    true = random_parameters(sheet, 1, SEEDS + number)[0]
    grains = make_microstructure(sheet, 0)
    with tempfile.TemporaryDirectory(prefix="slipfield-fresh-") as folder:
        solver = Solver.prepare(sheet, grains, Path(folder))
        mesh = Mesh(grains["x_mm"].values, grains["y_mm"].values)
        measurement = measured(solver.run(true), mesh, sheet.noise, number)
        load_noise = sheet.noise.load_relative_std
        problem = Problem(measurement, solver.run, load_noise, box_prior(sheet))
        found = refine(problem, np.log(np.array(sheet.sampling.centre)), SOLVES)
    return Inverted(np.log(true), found.log_parameters, found.deviation, found.converged)


def measured(run: Reference, mesh: Mesh, noise: Noise, seed: int) -> Measurement:
    """Readings of a run at every second node along x and y, with noise."""
    random = np.random.default_rng((SEEDS, seed))
    rows, columns = mesh.shape
    chosen = np.add.outer(columns * np.arange(0, rows, 2), np.arange(0, columns, 2)).ravel()
    points = run.strain.reshape(len(run.time), 3, -1)[:, :, chosen].astype(float)
    points = points + noise.strain_std * random.standard_normal(points.shape)
    load = run.load * (1 + noise.load_relative_std * random.standard_normal(len(run.load)))
    sampling = eye_array(rows * columns, format="csr")[chosen]
    spacing = tuple(2 * np.ptp(mesh.positions, axis=0) / (columns - 1, rows - 1))
    return Measurement(run.time, points, load, sampling, mesh, spacing)
