"""Mean and standard deviation in one pass: moments of parts that merge exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moments:
    """Count, mean and sum of squared deviations of one or more quantities (arrays of one shape).

    Parts are merged by the pairwise update of Chan, Golub & LeVeque (1983), so that no pass over
    all data is needed and no large sums cancel.
    """

    count: np.ndarray
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, axis: int | tuple[int, ...]) -> Moments:
        """Moments of ``values`` over ``axis``, in double precision."""
        values = np.asarray(values, np.float64)
        mean = values.mean(axis=axis, keepdims=True)
        squares = np.square(values - mean).sum(axis=axis)
        count = np.full(squares.shape, values.size / max(squares.size, 1))
        return cls(count, mean.reshape(squares.shape), squares)

    def merge(self, other: Moments) -> Moments:
        """Moments of the union of two disjoint parts."""
        count = self.count + other.count
        step = other.mean - self.mean
        return Moments(
            count,
            self.mean + step * other.count / count,
            self.squares + other.squares + step**2 * self.count * other.count / count,
        )

    def pool(self, axis: int = 0, weights: np.ndarray | None = None) -> Moments:
        """Moments of the union over ``axis``; ``weights`` repeat the parts along the first axis."""
        repeat = np.ones(1) if weights is None else np.asarray(weights, np.float64)
        repeat = repeat.reshape(-1, *[1] * (self.count.ndim - 1))
        parts = self.count * repeat
        count = parts.sum(axis=axis)
        mean = (parts * self.mean).sum(axis=axis) / count
        spread = parts * np.square(self.mean - np.expand_dims(mean, axis))
        return Moments(count, mean, (repeat * self.squares + spread).sum(axis=axis))

    def rows(self, index: np.ndarray) -> Moments:
        """Select entries of the first axis."""
        return Moments(self.count[index], self.mean[index], self.squares[index])

    @classmethod
    def stack(cls, parts: list[Moments]) -> Moments:
        """Join moments of one shape along a new first axis."""
        return cls(*(np.stack([getattr(p, n) for p in parts]) for n in cls.__dataclass_fields__))

    @property
    def std(self) -> np.ndarray:
        """Population standard deviation."""
        return np.sqrt(self.squares / self.count)
