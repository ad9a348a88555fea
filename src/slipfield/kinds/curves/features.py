"""What a learner is told of an alloy: the five settings of the paper's table 2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slipfield.kinds.curves.alloys import Alloy

PRODUCT, STRAIN = "modulus_strain_MPa", "true_strain"
SETTINGS: dict[int, tuple[str, ...]] = {
    1: (
        "proof_stress_MPa",
        "strength_MPa",
        "modulus_GPa",
        "density_kg_m3",
        "ludwik_MPa",
        PRODUCT,
        STRAIN,
    ),
    2: ("proof_stress_MPa", "strength_MPa", "modulus_GPa", "density_kg_m3", PRODUCT, STRAIN),
    3: ("proof_stress_MPa", "strength_MPa", "modulus_GPa", "density_kg_m3", STRAIN),
    4: ("proof_stress_MPa", "strength_MPa", "modulus_GPa", STRAIN),
    5: ("proof_stress_MPa", "strength_MPa", STRAIN),
}
"""Names of the input channels, in the paper's order, by the number of the setting."""


def scalars(alloys: Sequence[Alloy], setting: int) -> np.ndarray:
    """Features of alloys that do not depend on strain (alloys, features), in the table's units."""
    names = [name for name in SETTINGS[setting] if name not in (PRODUCT, STRAIN)]
    return np.array([[getattr(alloy, name) for name in names] for alloy in alloys])


def channels(alloys: Sequence[Alloy], strain: np.ndarray, setting: int) -> np.ndarray:
    """Input sequences (alloys, strains, channels) at true strains (strains,), 1."""
    modulus = np.array([alloy.modulus_MPa for alloy in alloys])
    shape = (len(alloys), len(strain))
    by_strain = {
        PRODUCT: modulus[:, None] * strain,
        STRAIN: np.broadcast_to(strain, shape),
    }
    planes = [
        by_strain[name]
        if name in by_strain
        else np.broadcast_to(np.array([[getattr(a, name)] for a in alloys]), shape)
        for name in SETTINGS[setting]
    ]
    return np.stack(planes, axis=-1).astype(float)


def knows_modulus(setting: int) -> bool:
    """Whether a setting tells the modulus."""
    return "modulus_GPa" in SETTINGS[setting]


def knows_ludwik(setting: int) -> bool:
    """Whether a setting tells Ludwik's K."""
    return "ludwik_MPa" in SETTINGS[setting]
