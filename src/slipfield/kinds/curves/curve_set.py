"""The curves that learners learn: true stress of alloys on a common grid of true strain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slipfield.kinds.curves.alloys import Alloy
from slipfield.kinds.curves.uniaxial import necking, stress_at


@dataclass(frozen=True)
class CurveSet:
    """Curves of alloys.

    Attributes
    ----------
    strain : true strain (points,), 1.
    stress : true stress (alloys, points), MPa.
    valid : (alloys, points), whether a point counts: before necking, or everywhere if asked for.
    necking_strain : true strain at maximum load (alloys,), 1.
    """

    alloys: tuple[Alloy, ...]
    strain: np.ndarray
    stress: np.ndarray
    valid: np.ndarray
    necking_strain: np.ndarray

    def take(self, rows: Sequence[int] | np.ndarray) -> CurveSet:
        """Curves of some rows, in that order."""
        alloys = tuple(self.alloys[row] for row in rows)
        index = np.asarray(rows, dtype=int)
        return CurveSet(
            alloys, self.strain, self.stress[index], self.valid[index], self.necking_strain[index]
        )


def necking_strains(alloys: Sequence[Alloy]) -> np.ndarray:
    """True strain at maximum load of alloys (alloys,), 1, by Considère."""
    tops = [necking(alloy.law, alloy.modulus_MPa) for alloy in alloys]
    return np.array([np.inf if top is None else top.true_strain for top in tops])


def closed_form(
    alloys: Sequence[Alloy], points: int, strain_to: float, beyond_necking: bool
) -> CurveSet:
    """Curves of alloys in closed form, at ``points`` strains from 0 to ``strain_to``, 1."""
    strain = np.linspace(0, strain_to, points)
    stress = np.array([stress_at(alloy.law, alloy.modulus_MPa, strain) for alloy in alloys])
    ends = necking_strains(alloys)
    valid = np.ones_like(stress, dtype=bool) if beyond_necking else strain <= ends[:, None]
    return CurveSet(tuple(alloys), strain, stress, valid, ends)
