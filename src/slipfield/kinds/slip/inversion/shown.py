"""What of a test trained models are shown, if it is another one than their training's.

A model judges loads and strains by its training. Where a test unloads and the training did not, or
goes on to a larger elongation, it answers from the frames before; where a test ended early, the
later outputs of the model are missing. Refinement, scale of the load, and verdict use all frames,
as the forward model knows any loading.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from slipfield.core.numbers import percent
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.sheet import loading_path, measured_study
from slipfield.kinds.slip.measure.resample import resample
from slipfield.kinds.slip.measure.times import between_frames, frame_groups, solver_times
from slipfield.kinds.slip.study import Study, check_study

SMALL_FALL = 1e-4
"""Fall of the elongation, as strain of the sheet, that is no unloading: a tenth of what a metal
springs back."""

COMPLETE = 0.98
"""Share of the elongation of the training from which a test counts as whole."""

FEWEST_FRAMES = 3
UNLOADS = (
    "The model was trained without an unloading: it answers from {kept} frames, up to {end:g} s. "
    "The other {left} frames are for the refinement, the scale of the load and the verdict."
)
LONGER = (
    "The model was trained up to an elongation of {whole}: it answers from the {kept} frames up to "
    "there. The other {left} frames are for the refinement, the scale of the load and the verdict."
)
CARRIED = (
    "The frames end at an elongation of {end}: the last output of the model, at {whole}, is "
    "carried on from the last frame."
)
SHORTER = (
    "The model was trained up to an elongation of {whole}, the frames that it is shown end at "
    "{end}: {missing} of its {outputs} outputs are missing, which the intervals hold."
)


def loading_frames(data: xr.Dataset, trained: Study) -> tuple[int, str]:
    """Number of frames that a model is shown, and why not all of them.

    Those before a specimen's first unloading, if the model knows none, and up to the elongation of
    its training. All, where the training itself unloads, or too few would be left.
    """
    count, height = data.sizes["time"], data.attrs["sheet_height_mm"]
    if _turns_back(trained):
        return count, ""
    time, displacement = np.array(loading_path(data)).T
    falls = -np.diff(displacement) > SMALL_FALL * height
    end = time[:-1][falls][0] if falls.any() else time[-1]
    kept, why = int((data["time"].values <= end).sum()), UNLOADS
    beyond = data["displacement"].values > height * _whole(trained) / COMPLETE
    if beyond.any() and int(beyond.argmax()) < kept:
        kept, why = int(beyond.argmax()), LONGER
    return (kept, why) if FEWEST_FRAMES <= kept < count else (count, "")


def for_models(found: Inversion, solver: Solver) -> tuple[Inversion, Solver]:
    """Specimen and solver as trained models see them: the same, or the loading they know.

    Both share notes and mesh with what is given.
    """
    seen = shown(found)
    if seen is found:
        return found, solver
    folder = solver.folder / "shown"
    return seen, Solver.prepare(seen.study, found.microstructure, folder, solver)


def shown(found: Inversion) -> Inversion:
    """Specimen as trained models see it: the same, or the loading they know; notes say so."""
    kept, why = loading_frames(found.data, found.trained)
    seen = found
    if why:
        end, left = float(found.data["time"].values[kept - 1]), found.data.sizes["time"] - kept
        found.notes.append(why.format(kept=kept, end=end, left=left, whole=_percent(found.trained)))
        seen = _with_frames(found, kept)
    return seen if _is_whole(seen) else _continued(seen)


def _continued(found: Inversion) -> Inversion:
    """A specimen whose frames end early, its loading going on to the elongation of the training.

    The features of a model are those of outputs up to there; they are missing, not different. An
    output that the schedule of the frames did not meet is none of a test that ended early.
    """
    path = found.study.loading.path
    last, at = path[-1]
    time, elongation = np.array(found.trained.loading.path).T
    elongation = elongation * found.study.specimen.height_mm / found.trained.specimen.height_mm
    time = time * last / np.interp(at, elongation, time)
    rest = elongation > at
    corners = [*path, *zip(time[rest].tolist(), elongation[rest].tolist(), strict=True)]
    outputs = found.trained.loading.outputs
    frames = found.measurement.time
    times, wanted = solver_times(frames, corners[-1][0], outputs)
    content = found.study.model_dump(mode="json")
    content["loading"] = {"path": corners, "outputs": len(times), "output_times_s": times.tolist()}
    known = between_frames(frames, wanted).any(axis=1)
    missing = int((~known & (wanted > frames[-1])).sum())
    ends, note = percent(at / found.study.specimen.height_mm, 3), SHORTER if missing else CARRIED
    facts = {"whole": _percent(found.trained), "missing": missing, "outputs": outputs}
    found.notes.append(note.format(end=ends, **facts))
    return replace(found, study=check_study(content, "specimen: loading to its planned end"))


def _with_frames(found: Inversion, kept: int) -> Inversion:
    """A specimen of its first ``kept`` frames alone."""
    part = found.data.isel(time=slice(0, kept))
    content = found.study.model_dump(mode="json")
    content["loading"] = measured_study(part, found.trained).loading.model_dump(mode="json")
    study = check_study(content, "specimen: frames of loading")
    groups = frame_groups(part["time"].values, found.trained.loading.outputs)
    measurement = resample(part, study, found.measurement.mesh, groups)
    return replace(found, data=part, study=study, measurement=measurement)


def _is_whole(found: Inversion) -> bool:
    """Whether a test came to the elongation of the training, or that unloads itself."""
    reached = found.study.loading.path[-1][1] / found.study.specimen.height_mm
    return _turns_back(found.trained) or not 0 < reached < COMPLETE * _whole(found.trained)


def _turns_back(study: Study) -> bool:
    return bool(np.any(np.diff([corner[1] for corner in study.loading.path]) <= 0))


def _whole(study: Study) -> float:
    """Elongation at the end of a loading, as strain of the sheet."""
    return study.loading.path[-1][1] / study.specimen.height_mm


def _percent(study: Study) -> str:
    return percent(_whole(study), 3)
