"""Weights of the evidence of lines, fitted on rendered micrographs, whose boundaries are known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import track
from slipfield.kinds.micrograph.cells import Cells
from slipfield.kinds.micrograph.closing import NAMES, Closing, closing_text, features
from slipfield.kinds.micrograph.render import Micrograph, render
from slipfield.kinds.micrograph.scene import covered_most, tessellate

FIT_IMAGES = 120
"""Rendered images that weights are fitted on."""
NETWORK_BORDER, CLASSICAL_BORDER = 0.12, 0.4
"""Borders of a network, which is seldom wrong where it is faint, and of classical methods."""
FIT_PX = 384
FIT_SEEDS = 2_000_000
"""Their seeds begin here, where neither trainings nor scores draw."""
FIT_GRAIN_PX, FIT_STRETCH = (10.0, 120.0), (1.0, 4.0)
"""Every second image has grains of this diameter, some of them columns, instead of its look's."""


def fit(
    method: Callable[[np.ndarray], np.ndarray],
    presets: Sequence[str],
    images: int = FIT_IMAGES,
    border: float = NETWORK_BORDER,
) -> Closing | None:
    """Weights for the lines of a method; None if it finds too few of them on ``images``.

    Parameters
    ----------
    method : from an image to the probability of boundaries (height, width).
    presets : looks, in turn.
    border : of :class:`~slipfield.kinds.micrograph.closing.Closing`.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known, real = [], []
    for number in track(range(images), "close"):
        drawn = _drawn(presets[number % len(presets)], number, number // len(presets))
        cells = Cells.of(method(drawn.image), border)
        known.append(features(cells.lines, cells.area[cells.pairs], cells.width[cells.pairs]))
        own = covered_most(cells.labels, drawn.labels)
        real.append(own[cells.pairs[:, 0]] != own[cells.pairs[:, 1]])
    answer = np.concatenate(real)
    if min(np.count_nonzero(answer), np.count_nonzero(~answer)) < len(NAMES):
        return None
    steps = make_pipeline(StandardScaler(), LogisticRegression())
    steps.fit(np.concatenate(known), answer)
    scale, regression = steps[0], steps[1]
    weights = regression.coef_[0] / scale.scale_
    bias = float(regression.intercept_[0] - weights @ scale.mean_)
    return Closing(tuple(float(f"{each:.4g}") for each in weights), float(f"{bias:.4g}"), border)


def _drawn(preset: str, number: int, turn: int) -> Micrograph:
    """A rendered micrograph, in odd turns with grains of any size."""
    shape, scene = (FIT_PX, FIT_PX), None
    if turn % 2:
        random = np.random.default_rng([FIT_SEEDS, number])
        grain = np.exp(random.uniform(*np.log(FIT_GRAIN_PX)))
        spread, warp = random.uniform(0.15, 0.4), random.uniform(0.02, 0.1)
        stretch = random.uniform(*FIT_STRETCH) if turn % 4 == 3 else 1.0
        scene = tessellate(shape, grain, spread, 0.0, warp, random, stretch)
    return render(preset, FIT_SEEDS + number, shape, scene)


def write_classical(presets: Sequence[str], images: int, output: Path) -> list[str]:
    """Fit the weights of all classical methods and write them (JSON); a line for each.

    Raises
    ------
    SlipfieldError
        If a method finds too few lines on so few images.
    """
    from slipfield.kinds.micrograph.classical import METHODS

    found = {}
    for name, method in METHODS.items():
        closing = fit(method, presets, images, CLASSICAL_BORDER)
        if closing is None:
            raise SlipfieldError(f"{name}: too few lines on {images} images; take more of them")
        found[name] = json.loads(closing_text(closing))
    write_text(output, json.dumps(found, indent=2) + "\n")
    return [f"{name}: {json.dumps(weights)}" for name, weights in found.items()]
