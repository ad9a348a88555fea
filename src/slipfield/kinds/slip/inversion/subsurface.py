"""Subsurface sheets: what lies below a face, drawn and run in three dimensions under one map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from slipfield.core.errors import NoEquilibrium, SlipfieldError
from slipfield.core.progress import progress
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.preparation import prepare
from slipfield.kinds.slip.inversion.solids import FEWEST_SHEETS, SolidRun, run_foil, run_solid
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.mesh import bilinear_weights
from slipfield.kinds.slip.specimen.size import mean_diameter
from slipfield.kinds.slip.study import Solid, Study
from slipfield.kinds.slip.study.physics import LEAST_LAYERS, MOST_LAYERS
from slipfield.kinds.slip.thickness.prior import FOIL

CELLS_PER_DIAMETER = 5.0
"""Cubes to a grain. With 3.5 the strain of sheets scatters half as much as with 4.6 (t/d = 1.1)."""

MOST_FACE_CELLS = 40
MOST_ELEMENTS = 10_240


@dataclass(frozen=True)
class Ensemble:
    """Sheets under one grain map at one point k, on a coarse mesh.

    Attributes
    ----------
    measurement : the measured sheet on that mesh.
    forward : membrane of the grain map at any k1, k2, k3, and factors on constants (p,).
    membrane : forward run of the grain map as a membrane.
    foil : columns, thin: what they differ by from the membrane is the mesh of solids.
    sheets : runs with different grains below the face.
    resolved : the membrane on the mesh of the inversion, at the measured points and frames: what it
        differs by from the membrane is the coarse mesh.
    """

    measurement: Measurement
    forward: Callable[[np.ndarray], Reference]
    membrane: Reference
    foil: SolidRun
    sheets: list[SolidRun]
    resolved: Measurement

    def as_measured(self, run: SolidRun) -> Measurement:
        """A run at the measured points and frames, unknown where the measurement is."""
        measured = self.measurement
        there = replace(self.membrane, strain=run.strain, load=run.load)
        seen = measured.seen(there.at(measured.time))
        return _shows(measured, _at_points(measured.sampling, seen.strain), seen.load)


def _at_points(sampling: csr_matrix, strain: np.ndarray) -> np.ndarray:
    """Strain (time, 3, n) at points from that at the nodes (time, 3, y, x)."""
    flat = strain.reshape(-1, strain[0, 0].size).astype(float)
    return (sampling @ flat.T).T.reshape(*strain.shape[:2], -1)


def _shows(measured: Measurement, points: np.ndarray, load: np.ndarray) -> Measurement:
    """A measurement that shows other strains and loads, unknown where it is."""
    points = np.where(np.isfinite(measured.points), points, np.nan)
    return replace(measured, points=points, load=np.where(np.isfinite(measured.load), load, np.nan))


def coarse_mesh(study: Study, diameter_mm: float) -> tuple[tuple[int, int], int]:
    """Elements along x and y and through the thickness: cubes, few of them.

    Parameters
    ----------
    diameter_mm : of the grains on the face.
    """
    sheet = study.specimen
    cell = max(
        diameter_mm / CELLS_PER_DIAMETER, max(sheet.width_mm, sheet.height_mm) / MOST_FACE_CELLS
    )
    across, along = (max(4, round(size / cell)) for size in (sheet.width_mm, sheet.height_mm))
    layers = max(LEAST_LAYERS, round(sheet.thickness_mm / cell))
    most = min(MOST_LAYERS, max(LEAST_LAYERS, MOST_ELEMENTS // (across * along)))
    return (across, along), min(layers, most)


def run_ensemble(
    found: Inversion,
    own: Solver,
    parameters: np.ndarray,
    constants: Sequence[str],
    sheets: int,
    work: Path,
) -> Ensemble:
    """Run ``sheets`` draws of what lies below a measured face at k1, k2, k3 (3,).

    What is in ``work`` already is not run again. A sheet that fails is left out.

    Parameters
    ----------
    own : solver on the mesh of ``found``.
    constants : of the slip law that the membrane has derivatives to.

    Raises
    ------
    SlipfieldError
        If fewer than :data:`FEWEST_SHEETS` reach the end of the loading, or another run fails.
    """
    specimen = found.study.specimen
    diameter = mean_diameter(specimen.width_mm * specimen.height_mm, specimen.grains)
    cells, layers = coarse_mesh(found.study, diameter)
    coarse = prepare(found.source, found.data, found.trained, cells, membrane=True)
    solver = Solver.prepare(coarse.study, coarse.microstructure, work)
    runs = []
    with progress("subsurface sheets", sheets + 3) as advance:
        membrane = solver.run(parameters, constants)
        advance()
        resolved = _resolved(found.measurement, own.run(parameters), coarse.measurement)
        advance()
        foil = run_foil(solver, parameters, FOIL * diameter)
        advance()
        for seed in range(sheets):
            with suppress(NoEquilibrium):
                runs.append(run_solid(solver, parameters, Solid(layers=layers, seed=seed)))
            advance()
    if len(runs) < FEWEST_SHEETS:
        raise SlipfieldError(
            f"subsurface: {sheets - len(runs)} of {sheets} sheets did not reach the end of the "
            f"loading at {', '.join(f'{k:.4g}' for k in parameters)} (k1, k2, k3), and "
            f"{FEWEST_SHEETS} are needed; ask for more, or invert without --subsurface"
        )
    forward = partial(solver.run, constants=constants)
    return Ensemble(coarse.measurement, forward, membrane, foil, runs, resolved)


def _resolved(fine: Measurement, run: Reference, coarse: Measurement) -> Measurement:
    """A run on the mesh of ``fine`` at the points of ``coarse``."""
    seen = fine.seen(run.at(fine.time))
    inside, sampling = bilinear_weights(fine.mesh, *(coarse.sampling @ coarse.mesh.positions).T)
    points = np.full(coarse.points.shape, np.nan)
    points[:, :, inside] = _at_points(sampling, seen.strain)
    return _shows(coarse, points, seen.load)
