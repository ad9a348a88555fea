"""When a test may stop: the intervals are as narrow as asked, or will hardly become narrower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.core.numbers import percent
from slipfield.kinds.slip.live.recursion import State
from slipfield.kinds.slip.study import PARAMETERS

LEAST_GAIN = 0.05
"""Shrinking of every interval to the end of the test below which no gain is expected."""

IN_A_ROW = 2
"""Frames in a row of which a rule must hold: a first estimate may be narrow by chance."""


@dataclass
class Enough:
    """The rule, and since when it holds.

    Attributes
    ----------
    percent : half-width of the 95 % intervals that is asked for; None: not asked.
    """

    percent: float | None = None
    narrow: int = 0
    idle: int = 0

    def judge(self, state: State) -> str:
        """Reason to stop after this frame; empty: go on."""
        answer = state.answer
        half = 0.5 * np.log(answer.high / answer.low)
        widest = 100 * np.expm1(half)
        self.narrow = self.narrow + 1 if (widest <= (self.percent or 0.0)).all() else 0
        gain = 1 - state.at_end / state.deviation
        self.idle = self.idle + 1 if (gain < LEAST_GAIN).all() else 0
        if self.narrow >= IN_A_ROW:
            each = ", ".join(
                f"{name} to {percent(width / 100)}"
                for name, width in zip(PARAMETERS, widest, strict=True)
            )
            return f"enough: stop. {each}, {self.percent:g} % were asked for"
        if self.idle >= IN_A_ROW:
            return (
                f"enough: stop. Until the end of the loading no interval would shrink by more than "
                f"{percent(max(gain.max(), 0.0))}"
            )
        return ""
