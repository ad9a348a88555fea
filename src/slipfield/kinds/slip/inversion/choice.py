"""Which of several estimates is the answer, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slipfield.core.numbers import percent
from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.inversion.refine import Refined
from slipfield.kinds.slip.study import PARAMETERS

REFINED = "refined"

LARGEST_STEP = 0.03
"""Step of ln k that a refinement may have left and still be the answer."""

LARGEST_LACK = 2.0
"""Strain residual over noise above which the forward model does not explain the strain maps."""


@dataclass(frozen=True)
class Fit:
    """How well the forward model explains the strain maps.

    Attributes
    ----------
    residual, noise : root mean square of what refinement leaves, and standard deviation of the
        strain maps' noise, 1; NaN if not known.
    """

    residual: float
    noise: float

    @property
    def lack(self) -> float:
        """Residual over noise; NaN if one of them is not known."""
        return self.residual / self.noise if self.noise > 0 else float("nan")

    @property
    def fails(self) -> bool:
        """Whether mesh or grain map cannot be those of the measurement, or nobody knows."""
        return not self.lack <= LARGEST_LACK


@dataclass(frozen=True)
class Choice:
    """The method whose estimate is the answer, and the reason in sentences."""

    method: str
    why: str


UNDECIDED = Choice(method="", why="")


def choose(answers: Sequence[Answer], adapted: bool, refined: Refined | None, fit: Fit) -> Choice:
    """Choose among ``answers``; the first one is that of the preferred model.

    Refinement sees nothing but its mesh. Where that cannot explain the strain maps, it takes what
    the mesh lacks for a change of the parameters. On a finer mesh it takes less, and the change
    from one mesh to the other says how much. Without a finer mesh a model that was adapted to
    measurements of finer ones is better.

    Parameters
    ----------
    adapted : whether that model was adapted to measurements that its mesh does not resolve.
    refined, fit : refinement, if there was one, and how well it explains the strain maps.
    """
    first = answers[0].method
    if refined is None:
        return Choice(first, ADAPTED if adapted else UNADAPTED)
    went_on = refined.coarser is not None and refined.moved.any()
    if not refined.converged and not went_on and np.abs(refined.left).max() > LARGEST_STEP:
        return Choice(first, STUCK.format(percent(np.abs(refined.left).max())))
    if refined.coarser is not None:
        moved = np.abs(np.expm1(refined.moved[: len(PARAMETERS)]))
        went = MOVED.format(*map(percent, moved)) if went_on else "moved none of k1, k2 and k3. "
        why = "was not known to explain" if np.isnan(fit.lack) else "did not explain"
        return Choice(REFINED, f"{FINER.format(why)}{went}{_left(fit)}")
    if not fit.fails:
        seen = EXPLAINED.format(fit.lack, fit.noise)
        return Choice(REFINED, f"Refinement answers{seen}.")
    left = f"{_left(fit)} "
    return Choice(first, left + KNOWS) if adapted else Choice(REFINED, left + UNKNOWN)


def _left(fit: Fit) -> str:
    """What refinement leaves of the strain maps."""
    if np.isnan(fit.lack):
        return UNTOLD.format(fit.residual)
    return LEFT.format(fit.lack, fit.noise)


STUCK = (
    "The refinement is stuck: it has a step of {} left and did not get better by it. So the "
    "model answers. Allow it more forward runs, or start from the centre of the box."
)
ADAPTED = (
    "The model was adapted to measurements that its mesh does not resolve, and its interval holds "
    "what that costs."
)
UNADAPTED = (
    "The model has seen fields of its own mesh only. What that mesh does not resolve in a real "
    "specimen may shift the answer by several per cent more than the interval says: adapt the "
    "model (`projection adapt`), or refine."
)
EXPLAINED = (
    ": its forward model explains the strain maps down to {:.2g} times their noise ({:.2g}), so "
    "mesh and grain map are good enough for them"
)
FINER = (
    "Refinement answers. Its first mesh {} the strain maps, so it went on "
    "with one twice as fine, which "
)
MOVED = (
    "moved k1, k2 and k3 by {}, {} and {}; as much stands in the interval for what the finer mesh "
    "lacks. "
)
LEFT = "Refinement leaves {:.2g} times the noise of the strain maps ({:.2g})."
UNTOLD = (
    "Refinement leaves a strain of {:.2g}; too few frames show how much of that is noise "
    "(`import dic --strain-noise` tells it)."
)
KNOWS = (
    "Its mesh or grain map is not that of the specimen, and it takes this for a change of the "
    "parameters. So the model answers: it was adapted to measurements that its mesh does not "
    "resolve, and its interval holds what that costs."
)
UNKNOWN = (
    "Its mesh or grain map is not that of the specimen, and it takes this for a change of the "
    "parameters, which its interval does not hold. The model was not adapted to such measurements "
    "either. Refine on a finer mesh (without --no-finer, or with more --cells)."
)
