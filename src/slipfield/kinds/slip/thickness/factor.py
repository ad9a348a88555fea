"""The thickness factor M: by how much a solid's load exceeds its membrane's, as one number.

Grains that hold each other across the thickness slip more for the same stretch, as under a larger
Taylor factor M: the crss work M times as hard, and harden by M times the slip that M times the
stretch asks for. To the membrane that is k2, k3 times M and h times M^2, so that
d ln(k1, k2, k3) / d ln M = (2 h / (h - h0), 1, 1). Elastic changes of the load depend on no k, but
the same constraint stiffens them by about as much as the flow stress (docs/thickness.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.kinds.slip.crystal.law import Parameters, hardening_modulus
from slipfield.kinds.slip.study import Material


def direction(
    material: Material, k: Parameters, sizes: np.ndarray, areas: np.ndarray
) -> np.ndarray:
    """Rate d ln(k1, k2, k3) / d ln M (3,) for grains of D (n,), mm, and areas (n,)."""
    h = np.average(hardening_modulus(material, k, sizes), weights=areas)
    return np.array([2 * h / (h - material.h0_MPa), 1.0, 1.0])


def exchange(k: Parameters, sizes: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Rate of ln(k1, k2, k3) (3,) as a share of the strength goes from k3 D^-1/2 to k2.

    The strength k2 + k3 x, x the mean of D^-1/2 over the area, stays: strain maps tell how it is
    shared out, and grains below a face change them where they do not change the load.

    Parameters
    ----------
    sizes, areas : D (n,), mm, of the grains, and their areas (n,).
    """
    root = float(np.average(sizes**-0.5, weights=areas))
    strength = k[1] + root * k[2]
    return np.array([0.0, strength / k[1], -strength / (root * k[2])])


LEAST_EXPONENT = 1.0
"""Exponent d ln(load) / d ln M of an elastic load, and of a flow stress that does not harden."""

CLEAR_LOAD = 0.05
"""Share of the largest load from which on a load counts in a fit of M."""


def load_exponent(along: np.ndarray, load: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Exponent d ln(load) / d ln M (time,).

    While a sheet flows, that of its strength; below a load that it bore before, that of this one,
    since unloading is elastic.

    Parameters
    ----------
    along : (p,) direction of ln M in the parameters.
    load, rates : (time,) N of a membrane and (p, time) N, its derivatives to them.
    """
    size = np.abs(load)
    number = np.arange(len(load))
    last = np.maximum.accumulate(np.where(size >= np.maximum.accumulate(size), number, 0))
    flow = (along @ rates / np.where(load == 0, 1.0, load))[last]
    return np.maximum(flow, LEAST_EXPONENT)


def elastic_part(along: np.ndarray, load: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Part (time,) N of a membrane's load that is elastic: what it lacks to its flow stress.

    Parameters
    ----------
    along, load, rates : as :func:`load_exponent` takes them.
    """
    return load - along @ rates / load_exponent(along, load, rates)


@dataclass(frozen=True)
class Factor:
    """ln M of a sheet, and what it leaves of the load's excess (root mean square, relative)."""

    ln_m: float
    rest: float


def fit_factor(
    load: np.ndarray, membrane: np.ndarray, rates: np.ndarray, along: np.ndarray
) -> Factor:
    """Ln M by least squares over the outputs; those with hardly a load are left out.

    Parameters
    ----------
    load, membrane : (time,) N, of the sheet and of its membrane.
    rates : (3, time) N, d membrane / d ln(k1, k2, k3).
    along : (3,) :func:`direction`.
    """
    clear = (load * membrane > 0) & (np.abs(membrane) > CLEAR_LOAD * np.abs(membrane).max())
    excess = np.log(load[clear] / membrane[clear])
    slope = load_exponent(along, membrane, rates)[clear]
    ln_m = float(slope @ excess / (slope @ slope))
    return Factor(ln_m, float(np.sqrt(np.mean((excess - ln_m * slope) ** 2))))


def felt_diameter(areas: np.ndarray) -> float:
    """Mean section diameter, mm, by area: what a place of the face sees of its grain.

    Parameters
    ----------
    areas : (n,) of the sections, mm^2.
    """
    return float(np.average(2 * np.sqrt(areas / np.pi), weights=areas))
