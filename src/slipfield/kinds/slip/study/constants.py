"""Constants of the slip law beside k1, k2, k3: their short names, and materials that differ in one.

Reference runs can be differentiated to the logarithm of each.
"""

from __future__ import annotations

from slipfield.kinds.slip.study.physics import Material

CONSTANTS: dict[str, tuple[str, ...]] = {
    "h0": ("h0_MPa",),
    "n": ("rate_exponent",),
    "q": ("latent_ratio",),
    "g0": ("reference_slip_rate_per_s",),
    "elastic": ("c11_MPa", "c12_MPa", "c44_MPa"),
    "g_sat": ("g_sat_MPa",),
    "a": ("hardening_exponent",),
}
"""Fields of the section ``material`` that a constant is; ``elastic`` is a factor of all three."""

SATURATION = ("g_sat", "a")
"""Those that only saturating hardening has."""


def constants_of(material: Material) -> tuple[str, ...]:
    """Those of :data:`CONSTANTS` that the material's law has."""
    linear = material.hardening == "linear"
    return tuple(name for name in CONSTANTS if not (linear and name in SATURATION))


def scaled(material: Material, constant: str, factor: float) -> Material:
    """Copy of a material whose ``constant`` (of :data:`CONSTANTS`) is ``factor`` times as large.

    Raises
    ------
    pydantic.ValidationError
        If the result is no material.
    """
    values = material.model_dump()
    for field in CONSTANTS[constant]:
        values[field] *= factor
    return Material.model_validate(values)
