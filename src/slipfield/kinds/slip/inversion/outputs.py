"""A measurement at the outputs that trained models expect, from frames at any times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.measure.times import (
    between_frames,
    interpolate,
    model_times,
    solver_times,
)
from slipfield.kinds.slip.projection.reference import Reference


@dataclass(frozen=True)
class AtOutputs:
    """Strain and load at a model's outputs.

    Attributes
    ----------
    time : (outputs,) s.
    strain : (outputs, 3, y, x) 1, NaN: unknown.
    load : (outputs,) N, NaN: unknown.
    run : the forward run there, or None.
    repetition : outputs for each frame, 1 or more: so often each frame's noise is counted.
    """

    time: np.ndarray
    strain: np.ndarray
    load: np.ndarray
    run: Reference | None
    repetition: float


def at_outputs(
    measurement: Measurement,
    strain: np.ndarray,
    outputs: int,
    run: Reference | None = None,
    end: float | None = None,
) -> AtOutputs:
    """Bring a measurement from the times of its frames to a model's outputs.

    What differs from a forward run is drawn straight between the frames; without a run that is
    strain and load themselves.

    Parameters
    ----------
    strain : (time, 3, y, x) at the nodes, at the frames.
    outputs : number of outputs of the model, equally spaced up to the end of the loading.
    run : forward run with outputs at the frames and at those of the model.
    end : end of the loading, s, where there is no run.
    """
    frames = measurement.time
    if run is None:
        wanted = model_times(frames[-1] if end is None else end, outputs)
        weights = between_frames(frames, wanted)
        fields, load = (
            interpolate(weights, strain, 0.0),
            interpolate(weights, measurement.load, 0.0),
        )
        there = None
    else:
        wanted = solver_times(frames, float(run.time[-1]), outputs)[1]
        here, there = run.at(frames), run.at(wanted)
        weights = between_frames(frames, wanted)
        fields = there.strain + interpolate(weights, strain - here.strain, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(here.load != 0, measurement.load / here.load, np.nan)
        load = there.load * interpolate(weights, ratio, None)
    filled = int(np.count_nonzero(weights.any(axis=1)))
    return AtOutputs(wanted, fields, load, there, max(1.0, filled / len(frames)))
