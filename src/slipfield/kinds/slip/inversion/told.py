"""What the data of one inversion determine: which sum of k2 and k3, and which parameters apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slipfield.core.numbers import NORMAL_95, within
from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.inversion.refine import Point, Problem, Refined
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.told import APART
from slipfield.kinds.slip.study import PARAMETERS

WORTH = 0.05
"""Half-width of intervals, relative, below which parameters count as told anyway."""

GIVEN = "as far as thickness, load cell and pixel size are right"
"""What that interval does not hold: a load that is off by a factor moves the sum as much, and so
does a section that is measured in wrong pixels."""

TOGETHER = "; told only together with the other: see the sum"
"""What to know of k2 and of k3 where the data tell their sum alone."""


@dataclass(frozen=True)
class Told:
    """What is determined, by the Fisher information of the run at the answer.

    Attributes
    ----------
    correlation : (3, 3) of the estimates of ln k.
    half_width : (3,) of the 95 % intervals of ln k.
    factor : D^-1/2 in the sum k2 + factor k3 that is known best, mm^-1/2.
    value, sum_half_width : that sum, MPa, and the half-width of its 95 % interval, relative.
    sizes : smallest and largest D of the sheet, mm.
    """

    correlation: np.ndarray
    half_width: np.ndarray
    factor: float
    value: float
    sum_half_width: float
    sizes: tuple[float, float]

    @property
    def apart(self) -> bool:
        """Whether k2 or k3 is known about as well as their best sum, or both well enough."""
        better, worse = sorted(self.half_width[1:].tolist())
        return better < APART * self.sum_half_width or worse < WORTH

    @property
    def combination(self) -> str:
        """The best sum."""
        return f"k2 + {self.factor:.3g} k3"

    @property
    def only_sum(self) -> bool:
        """Whether k2 and k3 are told only together, by their sum."""
        return self.factor > 0 and not self.apart

    @property
    def sum_within(self) -> str:
        """How well the best sum is known."""
        return within(np.log1p(self.sum_half_width))

    @property
    def text(self) -> str:
        """Sentences for readers."""
        each = ", ".join(
            f"{name} {within(half)}" for name, half in zip(PARAMETERS, self.half_width, strict=True)
        )
        if not self.factor > 0:
            return f"The data tell {each} (95 %)."
        diameter, (smallest, largest) = self.factor**-2, self.sizes
        strength = (
            f"the strength of grains of D = {diameter:.2g} mm, "
            if smallest <= diameter <= largest
            else ""
        )
        best = f"{self.combination} = {self.value:.4g} MPa {self.sum_within} ({strength}{GIVEN})"
        if self.only_sum:
            return (
                f"The data tell {best}, but not k2 and k3 apart (correlation "
                f"{self.correlation[1, 2]:.2f}; {each}, 95 %): use the sum."
            )
        return f"The data tell {each} (95 %), and best of all {best}."

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "combination": self.combination,
            "value_MPa": self.value,
            "half_width_relative": self.sum_half_width,
            "k2_and_k3_apart": self.apart,
            "correlation_ln_k": self.correlation.tolist(),
            "text": self.text,
        }


def told(
    problem: Problem,
    run: Reference,
    answer: Answer,
    refined: Refined | None,
    sizes: np.ndarray,
) -> Told:
    """Say what the data determine at an answer.

    The best sum k2 + m k3 has the least relative variance: with the covariance C of ln k2 and
    ln k3, the weights C^-1 1 of their logarithms, and the variance 1 / (1' C^-1 1).

    Parameters
    ----------
    run : forward run at the answer, as the gauge sees it.
    answer : its intervals scale the covariance.
    refined : where the answer is that of a refinement: its covariance counts.
    sizes : D of the grains (n,), mm.
    """
    if refined is not None:
        covariance = refined.whole_covariance
    else:
        centre = np.log(run.parameters)
        point, weights = problem.weigh(Point(centre, run, problem.compare(centre, run, None)))
        covariance = np.linalg.inv(problem.information(point, weights))
    own = len(PARAMETERS)
    covariance = covariance[:own, :own]
    deviation = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviation, deviation)
    return of_correlation(answer.parameters, correlation, answer.deviation, sizes)


def of_correlation(
    parameters: np.ndarray, correlation: np.ndarray, deviation: np.ndarray, sizes: np.ndarray
) -> Told:
    """What is determined with a correlation (3, 3) and standard deviations (3,) of ln k.

    Parameters
    ----------
    sizes : D of the grains (n,), mm.
    """
    covariance = correlation * np.outer(deviation, deviation)
    weights = np.linalg.solve(covariance[1:, 1:], np.ones(2))
    factor = weights[1] / weights[0] * parameters[1] / parameters[2]
    half = NORMAL_95 / np.sqrt(weights.sum())
    return Told(
        correlation,
        NORMAL_95 * deviation,
        float(factor),
        float(parameters[1] + factor * parameters[2]),
        float(half),
        (float(sizes.min()), float(sizes.max())),
    )
