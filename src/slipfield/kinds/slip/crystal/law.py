"""The slip law's constants as the kernel takes them, and what grain size makes of k1, k2, k3.

Symbols and units: docs/conventions.md.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from slipfield.kinds.slip.crystal.build import law_variants
from slipfield.kinds.slip.study import Material

Parameters = Sequence[float] | np.ndarray  # k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5)

SYSTEMS = 12
"""Slip systems of either family."""


class Law(ctypes.Structure):
    """Constants of the point law; the layout is that of ``struct Law`` in point.hpp.

    Attributes
    ----------
    variants : of the kernel that the constants are for: slip family and hardening, which are
        compiled in, not passed.
    """

    variants: tuple[str, ...]

    _fields_ = [
        ("s11", ctypes.c_double),
        ("s12", ctypes.c_double),
        ("s44", ctypes.c_double),
        ("rate", ctypes.c_double),
        ("exponent", ctypes.c_double),
        ("latent", ctypes.c_double),
        ("tolerance", ctypes.c_double),
        ("max_iterations", ctypes.c_int),
        ("saturation", ctypes.c_double),
        ("saturation_power", ctypes.c_double),
    ]


def make_law(material: Material, tolerance: float = 1e-7, max_iterations: int = 60) -> Law:
    """Kernel constants of a material; compliances follow from C11, C12, C44 (cubic inverse)."""
    c11, c12, c44 = material.c11_MPa, material.c12_MPa, material.c44_MPa
    determinant = (c11 - c12) * (c11 + 2 * c12)
    law = Law(
        s11=(c11 + c12) / determinant,
        s12=-c12 / determinant,
        s44=1 / c44,
        rate=material.reference_slip_rate_per_s,
        exponent=material.rate_exponent,
        latent=material.latent_ratio,
        tolerance=tolerance,
        max_iterations=max_iterations,
        saturation=material.g_sat_MPa,
        saturation_power=material.hardening_exponent,
    )
    law.variants = law_variants(material)
    return law


def hardening_modulus(material: Material, k: Parameters, size: ArrayLike) -> np.ndarray:
    """Hardening modulus h = h0 + k1 D^-1/2 in MPa for grain sizes D in mm (paper, Eq. 13)."""
    return material.h0_MPa + k[0] * np.asarray(size, float) ** -0.5


def initial_crss(k: Parameters, size: ArrayLike) -> np.ndarray:
    """Initial crss g(0) = k2 + k3 D^-1/2 in MPa for grain sizes D in mm (paper, Eq. 14)."""
    return k[1] + k[2] * np.asarray(size, float) ** -0.5
