"""Evidence that a line between two cells is a grain boundary, from what a method found along it.

The evidence is a sum of what :data:`NAMES` say of the line and of the cells behind it; its weights
are those of a logistic regression on rendered micrographs, whose boundaries are known. A weak line
around a small cell in a wide grain is a scratch more often than the same line between two grains.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph.defaults import SHIPPED

NAMES = (
    "probability",
    "log_probability",
    "neck",
    "log_length",
    "log_smaller",
    "log_larger",
    "enclosed",
    "log_width",
)
"""Of a line: mean probability, its mean logarithm, how narrow the widest gap is beside the cells (0
to 1), ln of its length, px; ln of the areas of the smaller and the larger cell, px^2; length over
the root of the smaller cell's area; ln of 1 + the half width of the narrower cell, px."""
LEAST = 1e-2
"""Added to a probability before its logarithm is taken."""


class Lines(NamedTuple):
    """Sums along lines between cells, each (n,).

    Attributes
    ----------
    pixels : edges between pixels. total : of the probability there. logarithm : of its logarithm.
    passage : the widest half width along the line, px.
    """

    pixels: np.ndarray
    total: np.ndarray
    logarithm: np.ndarray
    passage: np.ndarray


@dataclass(frozen=True)
class Closing:
    """How lines of a method are judged.

    Attributes
    ----------
    weights : of :data:`NAMES`. bias : the evidence where all of these are 0.
    border : probability from which a pixel is taken for no grain's middle.
    """

    weights: tuple[float, ...]
    bias: float
    border: float

    def evidence(self, lines: Lines, area: np.ndarray, width: np.ndarray) -> np.ndarray:
        """Logarithm of the odds (n,) that lines are boundaries; arguments as :func:`features`."""
        return features(lines, area, width) @ np.array(self.weights) + self.bias


def features(lines: Lines, area: np.ndarray, width: np.ndarray) -> np.ndarray:
    """What is known of lines, (n, 8), in the order of :data:`NAMES`.

    Parameters
    ----------
    area : (n, 2), of the cells on both sides, px^2. width : (n, 2), their largest half widths, px.
    """
    narrower = np.maximum(width.min(axis=1), 1.0)
    smaller, larger = area.min(axis=1), area.max(axis=1)
    return np.column_stack(
        (
            lines.total / lines.pixels,
            lines.logarithm / lines.pixels,
            np.clip(1.0 - lines.passage / narrower, 0.0, 1.0),
            np.log(lines.pixels),
            np.log(smaller),
            np.log(larger),
            lines.pixels / np.sqrt(smaller),
            np.log1p(narrower),
        )
    )


def closing_text(closing: Closing) -> str:
    """JSON of weights by name."""
    weights = dict(zip(NAMES, closing.weights, strict=True))
    return json.dumps({**weights, "bias": closing.bias, "border": closing.border})


def read_closing(content: Any) -> Closing:
    """Closing of what :func:`closing_text` wrote, parsed.

    Raises
    ------
    SlipfieldError
        If a number is missing or none.
    """
    try:
        weights = tuple(float(content[name]) for name in NAMES)
        return Closing(weights, float(content["bias"]), float(content["border"]))
    except (KeyError, TypeError, ValueError) as error:
        raise SlipfieldError(f"closing: no number {error}; expected one of each name") from error


CLASSICAL = SHIPPED / "closing.json"
"""Weights of the classical methods by name, as `micrograph closing` writes them."""


@cache
def classical_closing(method: str) -> Closing:
    """Weights for the lines of a classical method."""
    return read_closing(json.loads(CLASSICAL.read_text())[method])
