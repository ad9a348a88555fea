"""The band around a curve, from how far the same rule missed measured tests.

A test's score is the largest |log(measured / predicted)| of the true stress from the proof point to
maximum load, divided by the shape below. By split conformal prediction (Vovk, Gammerman & Shafer,
Algorithmic Learning in a Random World, 2005) the largest of n scores covers the whole curve of a
new material with probability n / (n + 1), if it is like the n. ``band.csv`` holds the scores;
docs/curves.md says which tests they come from.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SCORES = Path(__file__).with_name("band.csv")
AT_MAXIMUM = 0.25
"""Width at maximum load over that at the proof point where the uniform elongation is given, 1."""


@dataclass(frozen=True)
class Band:
    """Half width of the band in the logarithm of stress, and how often it covers a whole curve."""

    half_width: float
    coverage: float
    tests: int
    elongation_given: bool

    def limits(
        self, stress: np.ndarray, plastic: np.ndarray, proof: float, top: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper stress (n,), MPa, around stress (n,) at plastic strains (n,), 1."""
        width = self.half_width * shape(plastic, proof, top, self.elongation_given)
        return stress * np.exp(-width), stress * np.exp(width)


def shape(plastic: np.ndarray, proof: float, top: float, elongation_given: bool) -> np.ndarray:
    """Relative width of the band (n,), 1, between the plastic strains of proof point and maximum.

    A given uniform elongation pins the curve at its end, so that the band narrows towards it.
    """
    if not elongation_given:
        return np.ones_like(plastic)
    share = np.clip((plastic - proof) / (top - proof), 0.0, 1.0)
    return 1 - (1 - AT_MAXIMUM) * share


def band_of(law: str, elongation_given: bool, late_proof: bool = False) -> Band:
    """Band of a rule: a law, the uniform elongation given or from a correlation, perhaps Rp1.0."""
    kind = "given" if elongation_given else "correlated"
    if late_proof:
        kind += " and Rp1.0"
    with open(SCORES, newline="", encoding="utf-8") as handle:
        lines = csv.DictReader(line for line in handle if not line.startswith("#"))
        scores = [
            float(row["score"]) for row in lines if row["law"] == law and row["elongation"] == kind
        ]
    return Band(max(scores), len(scores) / (len(scores) + 1), len(scores), elongation_given)
