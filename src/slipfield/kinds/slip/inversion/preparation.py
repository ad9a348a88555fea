"""A specimen brought to the solver's mesh and outputs, and what is known of it beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.refine import Prior
from slipfield.kinds.slip.inversion.sheet import measured_microstructure, measured_study
from slipfield.kinds.slip.inversion.stiffening import measured_factor
from slipfield.kinds.slip.measure.resample import resample
from slipfield.kinds.slip.measure.times import frame_groups
from slipfield.kinds.slip.specimen.mesh import Mesh
from slipfield.kinds.slip.study import Study

DEFAULT_LOAD_NOISE = 5e-3


def prepare(
    source: Path,
    data: xr.Dataset,
    trained: Study,
    cells: tuple[int, int] | None,
    random: np.random.Generator | None = None,
    membrane: bool = False,
) -> Inversion:
    """Bring a specimen to the solver's mesh, and the solver's outputs to its frames.

    With ``membrane`` the sheet's thickness has no effect but on the section of its load.
    """
    study = measured_study(data, trained, cells)
    microstructure, study = measured_microstructure(data, study, random)
    mesh = Mesh(microstructure["x_mm"].values, microstructure["y_mm"].values)
    groups = frame_groups(data["time"].values, trained.loading.outputs)
    measurement = resample(data, study, mesh, groups)
    factor = None if membrane else measured_factor(data, study, microstructure)
    found = Inversion(source, data, study, microstructure, measurement, trained, factor)
    if "load" not in data:
        found.notes.append(
            "No load was measured. All stresses scale together, so the strain maps alone say "
            "little about the common scale of k1, k2 and k3: it rests on h0, the elastic constants "
            "and the sampling box."
        )
    return found


def load_noise(data: xr.Dataset, trained: Study) -> float:
    """Standard deviation of the load relative to itself."""
    known = data.attrs.get("load_noise", trained.noise.load_relative_std)
    return float(known) or DEFAULT_LOAD_NOISE


def box_prior(trained: Study) -> Prior:
    """Normal density that is as wide as the sampling box."""
    box = np.log(np.array(trained.sampling.box))
    return Prior(box.mean(axis=1), 0.5 * np.ptp(box, axis=1))
