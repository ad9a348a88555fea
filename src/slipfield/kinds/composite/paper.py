"""The published study of a composite with a prescribed interval of C22, reproduced.

Its response surface and its designs, as printed, with what had to be repaired to make them agree.
Source: Metamodel-Based Inverse Design of a Composite Material with Prescribed Interval Effective
Elastic Properties, 26 June 2025: tables 1 to 4, figure 3.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield.kinds.composite.intervals import Directed
from slipfield.kinds.composite.parameters import PARAMETERS
from slipfield.kinds.composite.quadratic import PAIRS, Quadratic
from slipfield.kinds.composite.targets import Target

TARGET = Target("C22", 15.2, 16.8)
BOUNDS = np.array([[2.0, 0.3, 50.0, 0.2, 0.2], [8.0, 0.4, 450.0, 0.35, 0.4]])
DISTANCE_LIMIT, WIDTH_LIMIT = 2.5, 0.2
"""Corner of the published hypervolume: distance in GPa, normalised width."""

WEIGHTS = {"A": (0.25, 0.75), "B": (0.5, 0.5), "C": (0.75, 0.25)}
"""Weights of distance and width, by the header of table 2; the text lists them otherwise."""

HYPERVOLUMES = (
    0.26058,
    0.28839,
    0.29693,
    0.28615,
    0.27313,
    0.30318,
    0.29861,
    0.28615,
    0.29202,
    0.29388,
)
"""Raw hypervolumes of the ten published runs (table 4)."""

SUMS = {"A": -3.8796e-02, "B": -1.9551e-02, "C": -6.4919e-03}
QUALITY = {"r2": 0.99586, "press": 23.23325, "sigma": 0.35107}
PRINTED = (
    (2.663e01, -8.969e-01, -1.410e02, -3.450e-04, -3.622e-01, -4.214e01)
    + (6.144e00, 5.427e-04, 1.586e-01, 4.170e00, 6.277e-03)
    + (2.490e00, 5.768e01, 4.311e-03, 1.405e-02, 3.669e00)
    + (-1.067e-02, 2.056e02, -1.086e-05, -8.753e-01, 3.672e01)
)
"""Coefficients in the order printed, which is that of :func:`quadratic.terms`, not of their names:
what is called beta_11 to beta_55 is interactions first, then squares."""

MISPRINTED = 6 + PAIRS.index((2, 3))
"""The coefficient of Ef nuf, printed as beta_24 with a positive sign, must be negative."""

SHIFT = -0.0091
"""GPa between the surface with these rounded coefficients and the published values."""


def published_surface(repaired: bool = True) -> Quadratic:
    """The printed response surface; as printed, or with its one wrong sign repaired."""
    coefficients = np.array(PRINTED)
    if repaired:
        coefficients[MISPRINTED] *= -1
        coefficients[0] += SHIFT
    return Quadratic(coefficients)


@dataclass(frozen=True)
class Published:
    """One printed design.

    Attributes
    ----------
    table, row : where it is printed.  matched : it claims to match the target.
    box : (2, 5), ends in order.  distance, width : claimed, GPa and normalised.
    claimed : claimed range of C22, GPa.
    """

    table: str
    row: str
    matched: bool
    box: np.ndarray
    distance: float
    width: float
    claimed: Directed


def published_designs() -> list[Published]:
    """The 28 printed designs; row C of table 2 is row 1 of table 3.

    Three printed numbers had lost their separators; ends printed in reverse are in order here.
    """
    with open(Path(__file__).with_name("designs.csv"), newline="") as handle:
        rows = list(csv.DictReader(handle))
    ends = [[f"{name}_{end}" for name in PARAMETERS] for end in ("low", "high")]
    return [
        Published(
            row["table"],
            row["row"],
            row["kind"] == "matched",
            np.array([[float(row[key]) for key in keys] for keys in ends]),
            float(row["distance_GPa"]),
            float(row["width"]),
            Directed(float(row["C22_low_GPa"]), float(row["C22_high_GPa"])),
        )
        for row in rows
    ]


def by_vertices(surface: Quadratic, box: np.ndarray) -> Directed:
    """Values of a surface at the lower and the upper ends: what the publication calls a range."""
    low, high = surface(box)
    return Directed(float(low), float(high))


def by_directed_arithmetic(surface: Quadratic, box: np.ndarray) -> Directed:
    """Range of a surface by directed arithmetic, term by term; much too wide where terms cancel."""
    p = [Directed(float(low), float(high)) for low, high in box.T]
    weights = surface.coefficients
    total = Directed(weights[0], weights[0])
    for k in range(5):
        total = total + float(weights[1 + k]) * p[k] + float(weights[16 + k]) * (p[k] * p[k])
    for (i, j), weight in zip(PAIRS, weights[6:16], strict=True):
        total = total + float(weight) * (p[i] * p[j])
    return total
