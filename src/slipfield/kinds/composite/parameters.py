"""The five inputs of a cell, the Lamé constants of its phases, and the check of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError

PARAMETERS = ("em", "num", "ef", "nuf", "fraction")
"""Young's modulus (GPa) and Poisson's ratio of the matrix, of the fibre, and the fibre fraction."""

FIBRE = ("ef", "nuf")
"""Parameters that holes do not have."""

UNITS = {"em": "GPa", "num": "1", "ef": "GPa", "nuf": "1", "fraction": "1"}
CONTRAST = 1e10
"""Largest ratio of two moduli in a cell, 1: beyond, rounding eats the softer one's energy."""

LABELS = {"em": "$E_m$", "num": r"$\nu_m$", "ef": "$E_f$", "nuf": r"$\nu_f$", "fraction": "$f$"}


def check_name(name: str, option: str) -> None:
    """Refuse the name of no parameter; ``option`` is where it was given.

    Raises
    ------
    SlipfieldError
        Naming the parameters.
    """
    if name not in PARAMETERS:
        raise SlipfieldError(f"{option}: given {name!r}; parameters are {', '.join(PARAMETERS)}")


def check_parameters(values: Mapping[str, float], packing: float, void: bool = False) -> None:
    """Refuse phases and fractions that no cell has.

    Parameters
    ----------
    packing : fraction at which the fibres touch.  void : the fibre's constants do not matter.

    Raises
    ------
    SlipfieldError
        Naming the first parameter that is wrong, what was given and what is allowed.
    """
    for name in ("em", "num") if void else ("em", "num", "ef", "nuf"):
        value = values[name]
        if name.startswith("e") and not 0 < value < np.inf:
            raise SlipfieldError(f"{name}: given {value}; Young's modulus is positive, in GPa")
        if name.startswith("nu") and not -1 < value < 0.5:
            raise SlipfieldError(
                f"{name}: given {value}; Poisson's ratio lies between -1 and 0.5, both excluded"
            )
    phases = [("em", "num")] if void else [("em", "num"), ("ef", "nuf")]
    moduli = [m for e, n in phases for m in bulk_and_shear(values[e], values[n])]
    if not max(moduli) <= CONTRAST * min(moduli):
        raise SlipfieldError(
            f"{', '.join(name for pair in phases for name in pair)}: bulk and shear moduli from "
            f"{min(moduli):.3g} to {max(moduli):.3g} GPa; a cell takes a ratio of at most "
            f"{CONTRAST:g}; take a stiffness or a Poisson's ratio that is less extreme"
        )
    if not 0 < values["fraction"] < packing:
        raise SlipfieldError(
            f"fraction: given {values['fraction']}; fibres of this array fit for "
            f"0 < fraction < {packing:.4f}, where they touch"
        )


def check_bounds(bounds: np.ndarray, packing: float, void: bool = False) -> None:
    """Refuse bounds (2, 5) that hold phases and fractions that no cell has, or no choice.

    Raises
    ------
    SlipfieldError
        Naming the first parameter that is wrong, what was given and what is allowed.
    """
    for ends in bounds:
        check_parameters(dict(zip(PARAMETERS, ends, strict=True)), packing, void)
    if not free_parameters(with_holes(bounds) if void else bounds).any():
        raise SlipfieldError(
            f"{', '.join(name for name in PARAMETERS if not (void and name in FIBRE))}: each is "
            "given one number, which leaves nothing to choose; `composite stiffness` says what "
            "constants they give"
        )


def with_holes(bounds: np.ndarray) -> np.ndarray:
    """Bounds (2, 5) of a matrix with holes: fibres whose modulus and ratio are 0."""
    holes = np.array([name in FIBRE for name in PARAMETERS])
    return np.where(holes, 0.0, bounds)


def free_parameters(bounds: np.ndarray) -> np.ndarray:
    """Which parameters (5,) bounds (2, 5) leave a choice of; the others are given numbers."""
    return np.asarray(bounds[1] > bounds[0])


def relative_widths(box: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Widths (..., 5) of boxes (..., 2, 5) over those of the bounds; 1 where these have none."""
    free = free_parameters(bounds)
    widths = box[..., 1, :] - box[..., 0, :]
    return np.where(free, widths / np.where(free, bounds[1] - bounds[0], 1.0), 1.0)


def bulk_and_shear(young: Any, poisson: Any) -> tuple[Any, Any]:
    """Bulk and shear modulus of numbers or arrays, in the unit of ``young``."""
    return young / (3 * (1 - 2 * poisson)), young / (2 * (1 + poisson))


def lame(young: float | np.ndarray, poisson: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lamé constants (lambda, mu) and their derivatives.

    Returns
    -------
    (2, ...) in the unit of ``young``, and (2, 2, ...): lambda, mu by young, poisson.
    """
    e, n = np.asarray(young, float), np.asarray(poisson, float)
    below = (1 + n) * (1 - 2 * n)
    values = np.array([e * n / below, e / (2 * (1 + n))])
    by_poisson = np.array([e * (1 + 2 * n**2) / below**2, -e / (2 * (1 + n) ** 2)])
    return values, np.stack([values / e, by_poisson], axis=1)
