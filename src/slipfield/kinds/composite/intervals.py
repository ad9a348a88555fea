"""Directed (Kaucher) interval arithmetic.

An interval is an ordered pair of ends; it is proper where the first is not above the second. With
improper ones every interval has an opposite, and every one without zero an inverse. Kaucher's
table of products (E. Kaucher, Computing Supplementum 2 (1980) 33-49) is evaluated by one formula
of the positive and negative parts of the ends (A. V. Lakeyev, 1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from slipfield.core.errors import SlipfieldError


@dataclass(frozen=True)
class Directed:
    """Directed interval [first, last]."""

    first: float
    last: float

    @property
    def proper(self) -> bool:
        """Whether the first end is not above the last."""
        return self.first <= self.last

    @property
    def dual(self) -> Directed:
        """The interval with its ends exchanged."""
        return Directed(self.last, self.first)

    @property
    def opposite(self) -> Directed:
        """What added to this gives zero: [-first, -last]."""
        return Directed(-self.first, -self.last)

    @property
    def inverse(self) -> Directed:
        """What multiplied by this gives one: [1 / first, 1 / last].

        Raises
        ------
        SlipfieldError
            If the interval holds zero.
        """
        if self.first * self.last <= 0:
            raise SlipfieldError(f"interval [{self.first}, {self.last}]: holds 0, has no inverse")
        return Directed(1 / self.first, 1 / self.last)

    def __add__(self, other: Directed | float) -> Directed:
        other = _directed(other)
        return Directed(self.first + other.first, self.last + other.last)

    __radd__ = __add__

    def __neg__(self) -> Directed:
        return Directed(-self.last, -self.first)

    def __sub__(self, other: Directed | float) -> Directed:
        return self + -_directed(other)

    def __rsub__(self, other: Directed | float) -> Directed:
        return _directed(other) - self

    def __mul__(self, other: Directed | float) -> Directed:
        other = _directed(other)
        (a, b), (c, d) = _parts(self), _parts(other)
        return Directed(
            max(a[0] * c[0], b[1] * d[1]) - max(b[0] * c[1], a[1] * d[0]),
            max(b[0] * d[0], a[1] * c[1]) - max(a[0] * d[1], b[1] * c[0]),
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Directed | float) -> Directed:
        return self * _directed(other).inverse.dual

    def __rtruediv__(self, other: Directed | float) -> Directed:
        return _directed(other) / self

    def directed_difference(self, other: Directed) -> Directed:
        """Sum with the opposite of the other; zero for equal ones."""
        return self + other.opposite

    def directed_quotient(self, other: Directed) -> Directed:
        """Product with the inverse of the other; one for equal ones without zero."""
        return self * other.inverse

    def distance(self, other: Directed) -> float:
        """Euclidean distance of the ends."""
        return math.hypot(self.first - other.first, self.last - other.last)


def _directed(value: Directed | float) -> Directed:
    return value if isinstance(value, Directed) else Directed(float(value), float(value))


def _parts(interval: Directed) -> tuple[tuple[float, float], tuple[float, float]]:
    """Positive and negative part of both ends."""
    ends = (interval.first, interval.last)
    first, last = ((max(end, 0.0), max(-end, 0.0)) for end in ends)
    return first, last
