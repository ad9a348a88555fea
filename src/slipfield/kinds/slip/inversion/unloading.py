"""Specimens that unload, before models that were trained without: what such a model is shown.

A trained model judges loads and strains by its training. Where a test unloads and the training did
not, it answers from the frames up to the first unloading; refinement, scale of the load, and
verdict use all frames, as the forward model knows unloading.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.sheet import loading_path, measured_study
from slipfield.kinds.slip.measure.resample import resample
from slipfield.kinds.slip.measure.times import frame_groups
from slipfield.kinds.slip.study import Study, check_study

SMALL_FALL = 1e-4
"""Fall of the elongation, as strain of the sheet, that is no unloading: a tenth of what a metal
springs back."""

FEWEST_FRAMES = 3
NOTE = (
    "The model was trained without an unloading: it answers from {kept} frames, up to {end:g} s. "
    "The other {left} frames are for the refinement, the scale of the load and the verdict."
)


def loading_frames(data: xr.Dataset, trained: Study) -> int | None:
    """Number of frames before a specimen's first unloading, if a model knows no unloading.

    None if the model knows one, the specimen has none, or too few frames come before it.
    """
    known = np.array([corner[1] for corner in trained.loading.path])
    time, displacement = np.array(loading_path(data)).T
    falls = -np.diff(displacement) > SMALL_FALL * data.attrs["sheet_height_mm"]
    if np.any(np.diff(known) < 0) or not falls.any():
        return None
    kept = int((data["time"].values <= time[:-1][falls][0]).sum())
    return kept if kept >= FEWEST_FRAMES else None


def for_models(found: Inversion, solver: Solver) -> tuple[Inversion, Solver]:
    """Specimen and solver as trained models see them: the same, or up to the first unloading.

    Both share notes and mesh with what is given.
    """
    kept = loading_frames(found.data, found.trained)
    if kept is None:
        return found, solver
    part = found.data.isel(time=slice(0, kept))
    end = float(part["time"].values[-1])
    found.notes.append(NOTE.format(kept=kept, end=end, left=found.data.sizes["time"] - kept))
    content = found.study.model_dump(mode="json")
    content["loading"] = measured_study(part, found.trained).loading.model_dump(mode="json")
    study = check_study(content, "specimen: frames of loading")
    groups = frame_groups(part["time"].values, found.trained.loading.outputs)
    measurement = resample(part, study, found.measurement.mesh, groups)
    seen = replace(found, data=part, study=study, measurement=measurement)
    return seen, Solver.prepare(study, found.microstructure, solver.folder / "loading")
