"""What a box shall keep, and how wide it shall be: targets, widths and tolerances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.constants import CONSTANTS
from slipfield.kinds.composite.parameters import PARAMETERS, check_name


@dataclass(frozen=True)
class Target:
    """Bounds that a constant must keep: GPa, or 1 for Poisson's ratios."""

    name: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.name not in CONSTANTS:
            raise SlipfieldError(
                f"target: given {self.name!r}; constants are {', '.join(CONSTANTS)}"
            )
        if not self.low < self.high:
            raise SlipfieldError(
                f"target {self.name}: given {self.low} to {self.high}; the lower bound must be "
                "below the upper one"
            )

    def widened(self, width: float) -> Target:
        """The same with this width at least, about the same middle."""
        more = max(0.0, width - self.width) / 2
        return Target(self.name, self.low - more, self.high + more)

    @property
    def number(self) -> int:
        """Place among the constants."""
        return CONSTANTS.index(self.name)

    @property
    def width(self) -> float:
        """Upper less lower bound."""
        return self.high - self.low


class Bounded(Protocol):
    """A search whose first ten variables are the ends of a box relative to bounds."""

    span: np.ndarray
    free: np.ndarray

    def to_box(self, variables: np.ndarray) -> np.ndarray:
        """Box (2, 5) of the variables."""


@dataclass(frozen=True)
class Widths:
    """Widths that a box shall have times a common factor: constant + share * (low + high).

    Attributes
    ----------
    constant : (5,) in the units of the parameters.  share : (5,), half a relative width.
    """

    constant: np.ndarray
    share: np.ndarray

    @classmethod
    def of_bounds(cls, bounds: np.ndarray) -> Widths:
        """Widths of the bounds: the factor is the smallest normalised width."""
        return cls(bounds[1] - bounds[0], np.zeros(5))

    def excess(self, problem: Bounded, variables: np.ndarray, factor: float) -> np.ndarray:
        """Widths of the box beyond ``factor`` times these, relative to the bounds, where free."""
        box, free = problem.to_box(variables), problem.free
        wanted = self.constant + self.share * box.sum(axis=0)
        return np.asarray((box[1] - box[0] - factor * wanted)[free] / problem.span[free])

    def slopes(self, problem: Bounded, variables: np.ndarray, factor: float) -> np.ndarray:
        """Derivatives (free, 11) of :meth:`excess` in the ends of the box and in the factor."""
        unit = np.eye(5)
        low = -unit - factor * np.diag(self.share)
        high = unit - factor * np.diag(self.share)
        box, free = problem.to_box(variables), problem.free
        wanted = (self.constant + self.share * box.sum(axis=0))[free] / problem.span[free]
        return np.hstack([low[free], high[free], -wanted[:, None]])


def parse_tolerances(tolerances: Sequence[Sequence[str]]) -> Widths | None:
    """Widths of a box of plus or minus tolerances such as '0.25' or '5%'; None of none.

    A parameter without a tolerance may have no width.

    Raises
    ------
    SlipfieldError
        Naming the parameter and what was given.
    """
    if not tolerances:
        return None
    constant, share = np.zeros(5), np.zeros(5)
    for words in tolerances:
        if len(words) != 2:
            raise SlipfieldError(
                f"tolerance: given {' '.join(words)!r}; expected a parameter and its tolerance, "
                "such as em 5%"
            )
        name, text = words
        check_name(name, "tolerance")
        try:
            value = float(text.removesuffix("%"))
        except ValueError:
            value = np.nan
        if not 0 < value < np.inf:
            raise SlipfieldError(
                f"tolerance {name}: given {text!r}; expected a positive number such as 0.25, or a "
                "share such as 5%"
            )
        k = PARAMETERS.index(name)
        if text.endswith("%"):
            share[k] = value / 100
        else:
            constant[k] = 2 * value
    return Widths(constant, share)
