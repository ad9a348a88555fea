"""When frames were taken, when the solver writes outputs, and what lies between the two.

The forward model has outputs at the times of the frames, so that strain maps are compared as they
were measured. Trained models expect equally spaced outputs. There the measurement is the course of
a forward run plus its deviation from that run, which is smooth in time, drawn between the frames.
"""

from __future__ import annotations

import numpy as np

MOST_FRAMES = 1.5
"""Frames, as a multiple of the outputs of the model, beyond which neighbours are averaged."""

NEAR = 0.05
"""An output this near to a frame, as a share of the outputs' spacing, is moved there."""

LONGEST_GAP = 2.0
"""An output further from every frame than this multiple of the outputs' spacing is missing."""

LONGEST_CARRY = 1.0
"""An output nearer than this multiple of the outputs' spacing after the last frame is carried on
from it, if the next frame would have come later: frames every 8 s end at 96 s of a test of 100."""

KNOWN_SHARE = 0.5
"""Weight of measured frames at a point without which an output is unknown there."""


def frame_groups(time: np.ndarray, outputs: int) -> list[slice]:
    """Neighbouring frames that are averaged to one: single ones, unless there are very many.

    Parameters
    ----------
    time : (frames,) s, ascending; frames at time 0 belong to no group, nothing is strained there.
    outputs : of the model.
    """
    first = int(np.searchsorted(time, 0.0, side="right"))
    each = int(np.ceil((len(time) - first) / (MOST_FRAMES * outputs)))
    return [slice(at, min(at + each, len(time))) for at in range(first, len(time), max(each, 1))]


def group_means(values: np.ndarray, groups: list[slice]) -> np.ndarray:
    """Means (groups, ...) of values (frames, ...); NaN where one of them is unknown."""
    return np.stack([values[group].mean(axis=0) for group in groups])


def model_times(end: float, outputs: int) -> np.ndarray:
    """Equally spaced outputs (outputs,) up to ``end``, s, as trained models expect them."""
    return end * np.arange(1, outputs + 1) / outputs


def solver_times(frames: np.ndarray, end: float, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Times at which the solver writes, and those of them that stand for the model's outputs.

    Parameters
    ----------
    frames : (n,) times of the frames, s.
    end : end of the loading, s, where there always is an output.
    outputs : of the model; those near a frame are moved there.
    """
    wanted = model_times(end, outputs)
    nearest = frames[np.abs(frames - wanted[:, None]).argmin(axis=1)]
    near = np.abs(nearest - wanted) <= NEAR * end / outputs
    near[-1] &= nearest[-1] == end
    moved = np.where(near, nearest, wanted)
    return np.unique(np.concatenate([frames, moved])), moved


def between_frames(frames: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights (wanted, 1 + frames) that draw a straight line between frames.

    The first column stands for time 0. A time that the schedule of the frames did not meet, after
    the last of them, lies on the line from time 0 through that frame. Rows of times that are far
    from every frame, or further behind the last one, are 0.
    """
    nodes = np.concatenate([[0.0], frames])
    after = np.clip(np.searchsorted(nodes, wanted), 1, len(nodes) - 1)
    behind = wanted > frames[-1]
    before = np.where(behind, 0, after - 1)
    share = (wanted - nodes[before]) / (nodes[after] - nodes[before])
    weights = np.zeros((len(wanted), len(nodes)))
    rows = np.arange(len(wanted))
    weights[rows, after] = share
    weights[rows, before] += 1 - share
    distance = np.abs(frames - wanted[:, None]).min(axis=1)
    spacing = wanted[-1] / len(wanted)
    carried = min(nodes[-1] - nodes[-2], LONGEST_CARRY * spacing) - NEAR * spacing
    furthest = np.where(behind, max(carried, NEAR * spacing), LONGEST_GAP * spacing)
    weights[distance > furthest] = 0
    return weights


def interpolate(weights: np.ndarray, values: np.ndarray, start: float | None) -> np.ndarray:
    """Values (wanted, ...) at other times, by the weights of :func:`between_frames`.

    Parameters
    ----------
    values : (frames, ...), NaN where unknown.
    start : value at time 0, or None if there is none: the first frame then stands for it.
    """
    flat = values.reshape(len(values), -1)
    own = weights[:, 1:].copy()
    if start is None:
        own[:, 0] += weights[:, 0]
    known = np.isfinite(flat)
    cover = own @ known.astype(float)
    total = own @ np.where(known, flat, 0.0)
    if start is not None:
        cover += weights[:, :1]
        total += weights[:, :1] * start
    enough = cover >= KNOWN_SHARE
    found = np.where(enough, total / np.where(enough, cover, 1.0), np.nan)
    return found.reshape(len(weights), *values.shape[1:])
