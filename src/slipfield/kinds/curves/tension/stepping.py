"""The tension test step by step, from rest through the maximum of the load."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.tension.equilibrium import NoEquilibrium, Specimen, State
from slipfield.kinds.curves.tension.point import Material

ELASTIC_STEPS = 3
FIRST_SHARE, GROWTH, LARGEST_STRAIN_STEP = 0.15, 1.35, 0.006
SMALLEST_SHARE = 1e-3
PAST_MAXIMUM = 2
"""Steps that go on after the load has begun to fall."""


@dataclass
class Record:
    """A tension test: grip displacement, mm, extensometer strain, 1, engineering stress, MPa.

    ``middle_strain`` and ``middle_stress_MPa`` are logarithmic strain and Kirchhoff stress in the
    middle of the specimen.
    """

    pull_mm: list[float] = field(default_factory=list)
    strain: list[float] = field(default_factory=list)
    stress_MPa: list[float] = field(default_factory=list)
    middle_strain: list[float] = field(default_factory=list)
    middle_stress_MPa: list[float] = field(default_factory=list)
    newton_steps: int = 0

    def maximum(self) -> tuple[float, float]:
        """Extensometer strain, 1, and engineering stress, MPa, at maximum load.

        Of a parabola through the largest value and its neighbours; the last step if the load still
        grows.
        """
        top = int(np.argmax(self.stress_MPa))
        if top in (0, len(self.stress_MPa) - 1):
            return self.strain[top], self.stress_MPa[top]
        near = slice(top - 1, top + 2)
        strain, stress = np.array(self.strain[near]), np.array(self.stress_MPa[near])
        a, b, c = np.polyfit(strain - strain[1], stress, 2)
        offset = -b / (2 * a)
        return float(strain[1] + offset), float(c + b * offset + a * offset**2)


def run_test(specimen: Specimen, material: Material, largest_pull_mm: float) -> Record:
    """Pull until the load has passed its maximum, or the grips are ``largest_pull_mm`` apart.

    ``largest_pull_mm`` is the elongation of the whole specimen, mm, as the paper's 15 mm.

    Raises
    ------
    SlipfieldError
        If no equilibrium is found at the smallest step.
    """
    half = specimen.geometry.half_length_mm
    onset = float(material.law.flow(np.zeros(1))[0]) / material.modulus_MPa
    step = onset * half / ELASTIC_STEPS
    largest_step = LARGEST_STRAIN_STEP * half
    record, state = Record(), specimen.rest()
    previous, pull, last_step, falling = state.displacement, 0.0, 1.0, 0
    while falling < PAST_MAXIMUM and pull < largest_pull_mm / 2 * (1 - 1e-9):
        step = min(step, largest_step, largest_pull_mm / 2 - pull)
        guess = state.displacement + (state.displacement - previous) * (step / last_step)
        try:
            after = specimen.solve(material, pull + step, state, guess)
        except NoEquilibrium as error:
            step /= 4
            if step < SMALLEST_SHARE * onset * half:
                raise SlipfieldError(
                    f"tension test: no equilibrium at {2 * pull:.4g} mm; give more cells"
                ) from error
            continue
        previous, state, last_step = state.displacement, after, step
        pull += step
        _note(record, specimen, state, pull)
        falling += len(record.stress_MPa) > 1 and record.stress_MPa[-1] < record.stress_MPa[-2]
        if len(record.pull_mm) == ELASTIC_STEPS:
            step *= FIRST_SHARE
        elif len(record.pull_mm) > ELASTIC_STEPS:
            step *= GROWTH
    return record


def _note(record: Record, specimen: Specimen, state: State, pull: float) -> None:
    record.pull_mm.append(2 * pull)
    record.strain.append(specimen.extension(state))
    record.stress_MPa.append(specimen.load_N / specimen.geometry.area_mm2)
    strain, stress = specimen.middle()
    record.middle_strain.append(strain)
    record.middle_stress_MPa.append(stress)
