"""Constants of the slip law in an inversion: assumed as they are, with a prior, or free.

A constant that is estimated is a parameter beside ln k1, ln k2, ln k3: the logarithm of its value
over the one that the model's study assumes, 0 at the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.numbers import NORMAL_95
from slipfield.kinds.slip.inversion.refine import Prior
from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.study.constants import CONSTANTS, constants_of

DEFAULT_FACTORS = {"h0": 1.25, "n": 2.0}
"""Factor either way, on what the study assumes, of the default priors' 95 % intervals. Neither is
tabulated for metals: both are chosen, or fitted to other tests."""

FREE_FACTOR = 10.0
"""The same for a constant that is free: so wide that the data decide."""

EXACT = 1e-4
"""Standard deviation of ln of a constant whose prior is one value."""

UNITS = {"h0": "MPa", "n": "", "q": "", "g0": "/s", "elastic": "times", "g_sat": "MPa", "a": ""}

TITLES = {
    "h0": "hardening modulus h0",
    "n": "rate exponent n",
    "q": "latent hardening q",
    "g0": "reference slip rate",
    "elastic": "C11, C12, C44 together",
    "g_sat": "saturation g_sat",
    "a": "hardening exponent a",
}

Origin = Literal["default", "prior", "free"]


@dataclass(frozen=True)
class Constant:
    """One constant that is estimated beside k1, k2, k3.

    Attributes
    ----------
    name : of :data:`~slipfield.kinds.slip.study.constants.CONSTANTS`.
    assumed : what the model's study assumes; 1 for the common factor of the elastic constants.
    mean, deviation : of the normal prior of ln(value / assumed).
    origin : where the prior comes from.
    """

    name: str
    assumed: float
    mean: float
    deviation: float
    origin: Origin

    @property
    def text(self) -> str:
        """The prior, for readers."""
        if self.origin == "free":
            return "free"
        ends = self.mean + NORMAL_95 * self.deviation * np.array([-1.0, 1.0])
        low, high = (f"{value:.3g}" for value in self.assumed * np.exp(ends))
        return f"{low} to {high}" if low != high else low


def assumed_value(material: Material, name: str) -> float:
    """Value of a constant in a material; 1 for the common factor of the elastic constants."""
    fields = CONSTANTS[name]
    return 1.0 if len(fields) > 1 else float(getattr(material, fields[0]))


def estimated_constants(
    material: Material, free: Sequence[str] = (), priors: Sequence[str] = ()
) -> tuple[Constant, ...]:
    """Constants that an inversion estimates, in the order of the table of constants.

    Parameters
    ----------
    free : names of constants that the data alone shall tell.
    priors : texts NAME=LOW..HIGH, the 95 % interval of what is known beforehand. For ``elastic``
        the ends are factors. Constants in neither list have the default prior, or none.

    Raises
    ------
    SlipfieldError
        If a name or a range is not one.
    """
    known = constants_of(material)
    named = [_range(text, known) for text in priors]
    ranges = dict(named)
    if len(ranges) < len(named):
        raise SlipfieldError(f"prior: given {', '.join(priors)}; expected one for each constant")
    for name in free:
        _check_name("free", name, known)
    if twice := sorted({*free} & {*ranges}):
        raise SlipfieldError(f"prior: given for {twice[0]}, which is free; choose one of both")
    found = []
    for name in known:
        value = assumed_value(material, name)
        if name in free or name in ranges:
            if not value > 0:
                raise SlipfieldError(f"{name}: is {value:g} in the model's study; it stays so")
        elif name not in DEFAULT_FACTORS or not value > 0:
            continue
        found.append(_constant(name, value, name in free, ranges.get(name)))
    return tuple(found)


def _constant(name: str, assumed: float, free: bool, ends: tuple[float, float] | None) -> Constant:
    if ends is not None:
        low, high = np.log(np.array(ends) / assumed)
        deviation = max((high - low) / (2 * NORMAL_95), EXACT)
        return Constant(name, assumed, float(low + high) / 2, float(deviation), "prior")
    factor = FREE_FACTOR if free else DEFAULT_FACTORS[name]
    width = float(np.log(factor)) / NORMAL_95
    return Constant(name, assumed, 0.0, width, "free" if free else "default")


def _check_name(option: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise SlipfieldError(f"{option}: given {name!r}; expected one of {', '.join(known)}")


def _range(text: str, known: Sequence[str]) -> tuple[str, tuple[float, float]]:
    """Name and ends of NAME=LOW..HIGH."""
    name, _, ends = text.partition("=")
    _check_name("prior", name, known)
    low, dots, high = ends.partition("..")
    try:
        values = float(low), float(high)
    except ValueError:
        values = np.nan, np.nan
    if not (dots and 0 < values[0] <= values[1] < np.inf):
        raise SlipfieldError(
            f"prior: given {text!r}; expected NAME=LOW..HIGH with 0 < LOW <= HIGH, as n=10..20"
        )
    return name, values


def with_constants(prior: Prior, constants: Sequence[Constant]) -> Prior:
    """Prior of ln k with those of the constants after it."""
    return Prior(
        np.append(prior.mean, [constant.mean for constant in constants]),
        np.append(prior.deviation, [constant.deviation for constant in constants]),
    )


def as_assumed(prior: Prior, constants: Sequence[Constant]) -> Prior:
    """A prior with those constants held at what is assumed that nobody asked to estimate."""
    held = np.array([constant.origin == "default" for constant in constants], dtype=bool)
    count = len(prior.deviation) - len(held)
    fixed = np.append(np.zeros(count, dtype=bool), held)
    return Prior(prior.mean, np.where(fixed, EXACT, prior.deviation))
