"""Before the test: the forward run that frames will be compared with, along the planned loading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.kinds.slip.inversion.answers import Model
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.preparation import load_noise, prepare
from slipfield.kinds.slip.inversion.shown import COMPLETE
from slipfield.kinds.slip.live.recursion import Recursion
from slipfield.kinds.slip.measure.specimen_file import part
from slipfield.kinds.slip.measure.strain_measures import convert
from slipfield.kinds.slip.measure.times import MOST_FRAMES, solver_times
from slipfield.kinds.slip.specimen.mesh import bilinear_weights


@dataclass(frozen=True)
class Plan:
    """A test that is to come.

    Attributes
    ----------
    found : the specimen as the solver sees it, along the planned loading.
    recursion : with the run along it, without a frame.
    inside : (y x,) bool, the measured points that lie on the sheet.
    time, elongation : corners of the planned loading, s and mm.
    """

    found: Inversion
    recursion: Recursion
    inside: np.ndarray
    time: np.ndarray
    elongation: np.ndarray

    @classmethod
    def make(
        cls,
        source: Path,
        data: xr.Dataset,
        model: Model,
        folder: Path,
        end: float | None,
        cells: tuple[int, int] | None,
        membrane: bool,
    ) -> Plan:
        """Run the specimen along the loading that the model was trained on.

        Parameters
        ----------
        data : specimen with its first frames and its grains.
        folder : of the solver's files.
        end : time at which the whole elongation is reached, s; by default the model's.
        """
        time, elongation = np.array(model.study.loading.path).T
        time = time * ((end or time[-1]) / time[-1])
        elongation = elongation * data.attrs["sheet_height_mm"] / model.study.specimen.height_mm
        planned = _along(data, time, elongation, model.study.loading.outputs)
        found = prepare(source, planned, model.study, cells, membrane=membrane)
        solver = Solver.prepare(found.study, found.microstructure, folder)
        return cls.of(found, solver, model, data, time, elongation)

    @classmethod
    def of(
        cls,
        found: Inversion,
        solver: Solver,
        model: Model,
        data: xr.Dataset,
        time: np.ndarray,
        elongation: np.ndarray,
        frames: np.ndarray | None = None,
    ) -> Plan:
        """Plan of a specimen that is prepared; ``frames`` (n,) s: outputs near them move there."""
        run = solver.run(np.array(model.study.sampling.centre))
        outputs = model.study.loading.outputs
        given = run.time if frames is None else frames
        wanted = solver_times(given, float(run.time[-1]), outputs)[1]
        noise = load_noise(data, model.study)
        recursion = Recursion(model, run, wanted, found.measurement, noise, found.factor)
        x, y = np.meshgrid(data["x_mm"].values, data["y_mm"].values)
        inside, _ = bilinear_weights(found.measurement.mesh, x.ravel(), y.ravel())
        return cls(found, recursion, inside, time, elongation)

    def points(self, strain: np.ndarray) -> np.ndarray:
        """Strain (3, n) at the points on the sheet, in the study's measure, of one (3, y, x)."""
        own, wanted = (
            self.found.data.attrs["strain_measure"],
            self.found.study.solver.strain_measure,
        )
        return convert(strain.astype(float), own, wanted, axis=0).reshape(3, -1)[:, self.inside]

    def run_time(self, time: float, elongation: float) -> float:
        """Time at which the planned loading has a frame's elongation, s.

        That of the frame itself where the plan turns back, as on unloading.
        """
        if np.any(np.diff(self.elongation) <= 0):
            return min(time, float(self.time[-1]))
        return float(np.interp(elongation, self.elongation, self.time))

    def complete(self, time: float) -> bool:
        """Whether the planned loading ends at a run time."""
        return time >= COMPLETE * self.time[-1]


def _along(data: xr.Dataset, time: np.ndarray, elongation: np.ndarray, outputs: int) -> xr.Dataset:
    """Specimen with as many frames along a loading as are not averaged; strain and load are 0."""
    count = int(MOST_FRAMES * outputs)
    at = time[-1] * np.arange(1, count + 1) / count
    empty = np.zeros((count, *data["strain"].shape[1:]), np.float32)
    values = {
        "strain": empty,
        "time": at,
        "displacement": np.interp(at, time, elongation),
    }
    if "thickness_mm" in data.attrs:
        values["load"] = np.zeros(count)
    kept = data.drop_vars([name for name in data.variables if "time" in data[name].dims])
    return kept.assign(part(values))
