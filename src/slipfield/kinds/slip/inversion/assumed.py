"""Assumed constants of one inversion: which of them the data tell, and what a wrong one would do.

Of one constant c beside k, with the information I of the data at one run and the score g = J'r: an
estimate of ln k moves by -I_kk^-1 I_kc with ln c, the data tell ln c to the standard deviation
(I_cc - I_ck I_kk^-1 I_kc)^-1/2, and they ask for the step that the score leaves beyond k (a score
test; Rao, Proc. Camb. Phil. Soc. 44, 1948).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from slipfield.core.numbers import NORMAL_95, percent
from slipfield.kinds.slip.inversion.agreement import LoadScale
from slipfield.kinds.slip.inversion.constants import TITLES, UNITS, Constant
from slipfield.kinds.slip.inversion.refine import Point, Problem, Refined
from slipfield.kinds.slip.study import PARAMETERS

CHANGE = 0.1
"""Error of a constant whose effect is told."""

SMALL_PERCENT = 0.05
"""Such effects are told as none."""

DETERMINED = 0.1
"""Standard deviation of ln c, by the data alone, below which they determine a constant."""

SURE, WORTH = 3.0, 0.03
"""Standard deviations, and change of ln c, beyond which the data ask for another value."""

CONTRADICTS = 2.6
"""Standard deviations between the data and a prior of the user's own beyond which one of both is
wrong: they are so once in a hundred if both are right."""

NOTHING = 1e-6
"""Information on ln c below which there is none."""


@dataclass(frozen=True)
class Assumed:
    """One constant of the slip law that an answer rests on.

    Attributes
    ----------
    name, value : of the constant, and what the model's study assumes.
    pull : (3,) d ln k / d ln c of an estimate that takes c as known.
    told : standard deviation of ln c by the data alone, k1, k2, k3 being free.
    step : ln of the value that they ask for over the assumed one.
    prior : what was known of it beforehand; None: taken as it is.
    beyond_scale : whether it explains the residuals better than another scale of the load does.
    log_value, deviation : ln(estimate / assumed) of a refinement, and its standard deviation; NaN.
    """

    name: str
    value: float
    pull: np.ndarray
    told: float
    step: float
    prior: Constant | None = None
    beyond_scale: bool = False
    log_value: float = float("nan")
    deviation: float = float("nan")

    @property
    def estimated(self) -> bool:
        """Whether a refinement estimated it."""
        return bool(np.isfinite(self.log_value))

    @property
    def asked(self) -> tuple[float, float]:
        """Ln of what is found over the assumed value, and its standard deviation."""
        if self.estimated:
            return self.log_value, self.deviation
        return self.step, self.told

    @property
    def evidence(self) -> float:
        """Square of what is asked for over its standard deviation: chi-square of one freedom."""
        return float((self.asked[0] / self.asked[1]) ** 2)

    @property
    def wrong(self) -> bool:
        """Whether the data ask for another value."""
        return abs(self.asked[0]) > WORTH and self.evidence > SURE**2

    @property
    def contradicts_prior(self) -> bool:
        """Whether the data ask for another value than a prior that the user gave."""
        if self.prior is None or self.prior.origin != "prior":
            return False
        apart = abs(self.step - self.prior.mean)
        return apart > max(WORTH, CONTRADICTS * float(np.hypot(self.told, self.prior.deviation)))

    @property
    def asked_text(self) -> str:
        """What the data alone ask for, with its 95 % interval."""
        return self._text(self.step, self.told)

    @property
    def title(self) -> str:
        """Name for readers."""
        return TITLES[self.name]

    @property
    def found_text(self) -> str:
        """What the data ask for, with its 95 % interval."""
        return self._text(*self.asked)

    def _text(self, middle: float, deviation: float) -> str:
        """Value with its 95 % interval, from its logarithm over what is assumed."""
        ends = middle + NORMAL_95 * deviation * np.array([-1.0, 0.0, 1.0])
        low, value, high = (f"{v:.3g}" for v in self.value * np.exp(ends))
        return f"{value} ({low} to {high})"

    @property
    def estimate_text(self) -> str:
        """What a refinement found, for readers."""
        return self.found_text if self.estimated else "not estimated"

    @property
    def line(self) -> str:
        """Name, estimate and what was known before, for the console."""
        before = "" if self.prior is None else f", before {self.prior.text}"
        return f"{self.name} {self.found_text} {UNITS[self.name]}".rstrip() + before

    @property
    def told_text(self) -> str:
        """How well the data alone tell it."""
        if self.told > 1:
            return "no"
        spread = f"to {percent(np.expm1(NORMAL_95 * self.told))}"
        return f"yes, {spread}" if self.told < DETERMINED else f"hardly, {spread}"

    @property
    def effect_text(self) -> str:
        """What a value :data:`CHANGE` too high would do to an estimate that trusts it."""
        moved = 100 * np.expm1(self.pull * np.log1p(CHANGE))
        each = [
            f"{name} {value:+.2g} %"
            for name, value in zip(PARAMETERS, moved, strict=True)
            if abs(value) >= SMALL_PERCENT
        ]
        return ", ".join(each) or "nothing"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        low, high = np.exp(self.log_value + NORMAL_95 * self.deviation * np.array([-1, 1]))
        return {
            "assumed": self.value,
            "unit": UNITS[self.name],
            "prior": None if self.prior is None else self.prior.text,
            "prior_origin": None if self.prior is None else self.prior.origin,
            "data_tell_ln_std": self.told,
            "data_ask_for": self.value * float(np.exp(self.step)),
            "dlnk_dln": dict(zip(PARAMETERS, map(float, self.pull), strict=True)),
            "value": self.value * float(np.exp(self.log_value)) if self.estimated else None,
            "low": self.value * float(low) if self.estimated else None,
            "high": self.value * float(high) if self.estimated else None,
        }


def assumed_constants(
    problem: Problem,
    point: Point,
    values: dict[str, float],
    estimated: Sequence[Constant],
    scale: LoadScale | None = None,
) -> list[Assumed]:
    """Judge each constant by one run.

    Parameters
    ----------
    problem : its prior is that of ln k, (3,).
    point : run with derivatives to k and to all constants.
    values : what is assumed of those, by name, in the order of the derivatives.
    estimated : those with a prior.
    scale : of the load, from the same run.
    """
    point, weights = problem.weigh(point)
    own, found = len(PARAMETERS), point.found
    matrix = weights.combine(found.normals.sum(axis=0), found.load_normal)
    score = weights.combine(found.slopes.sum(axis=0), found.load_slope)
    away = problem.prior.mean - point.log_parameters[:own]
    of_k = matrix[:own, :own] + problem.prior.information
    score[:own] += problem.prior.information @ away
    priors = {constant.name: constant for constant in estimated}
    constants = []
    for row, (name, value) in enumerate(values.items(), start=own):
        pull = -np.linalg.solve(of_k, matrix[:own, row])
        rest = max(matrix[row, row] + matrix[row, :own] @ pull, NOTHING)
        step = float(score[row] + pull @ score[:own]) / rest
        beyond = scale is not None and step**2 * rest > scale.evidence
        constants.append(Assumed(name, value, pull, rest**-0.5, step, priors.get(name), beyond))
    return constants


def with_refined(constants: Sequence[Assumed], refined: Refined) -> list[Assumed]:
    """Put in what a refinement found of those that it estimated, in their order."""
    own = len(PARAMETERS)
    names = [constant.name for constant in constants if constant.prior is not None]
    pairs = zip(refined.log_parameters[own:], refined.deviation[own:], strict=True)
    values = dict(zip(names, pairs, strict=True))
    return [
        constant
        if constant.prior is None
        else replace(
            constant, log_value=values[constant.name][0], deviation=values[constant.name][1]
        )
        for constant in constants
    ]


def likeliest(constants: Sequence[Assumed]) -> Assumed | None:
    """The constant that the data speak most clearly against; None if against none."""
    wrong = [constant for constant in constants if constant.wrong]
    return max(wrong, key=lambda constant: constant.evidence, default=None)
