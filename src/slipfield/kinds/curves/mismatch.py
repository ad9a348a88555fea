"""What a measured test and a datasheet contradict each other in, before a score is read."""

from __future__ import annotations

import numpy as np

from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.measured import TensionTest

STRENGTH_TOLERANCE = 0.1
"""Relative difference of the two strengths, 1, that lots of one grade may have."""

STIFFNESS = (0.7, 1.4)
"""Elastic slope of the test over the modulus, 1, that an extensometer gives."""

ELASTIC = (0.1, 0.5)
"""Where the elastic slope is taken, as shares of the proof stress, 1."""

LEAST_POINTS = 4
LARGEST_SHIFT = 5e-4
"""Strain at which a test may begin, 1."""


def mismatches(test: TensionTest, sheet: Datasheet) -> list[str]:
    """Contradictions between a test and the datasheet it is to be scored for, one line each."""
    own = {"gauge-length": "strain", "area": "stress"}
    found = [f"{name} not used: the file has its own {own[name]}" for name in test.unused]
    strength = test.strength_MPa
    if test.strains_end_early:
        found.append(
            f"the test's strains end at {test.strain[-1]:.4f}, before its largest stress: the "
            "extensometer slipped or was taken off; the score is of the part before"
        )
    if abs(strength / sheet.strength_MPa - 1) > STRENGTH_TOLERANCE:
        found.append(
            f"the test's strength is {strength:.4g} MPa, the datasheet's "
            f"{sheet.strength_MPa:.4g}: another metal, or a wrong unit or --area"
        )
    line = elastic_line(test, sheet.yield_ratio * strength)
    if line is None:
        return found
    slope, shift = line
    if not STIFFNESS[0] <= slope / sheet.modulus_MPa <= STIFFNESS[1]:
        found.append(
            f"the test rises by {slope / 1e3:.3g} GPa at first, the modulus is "
            f"{sheet.modulus_GPa:g}: strain of the crosshead, or a wrong unit or --gauge-length; "
            "the errors before yield are the test's"
        )
    elif abs(shift) > LARGEST_SHIFT:
        found.append(
            f"the test's elastic line begins at a strain of {shift:.4f}: subtract that from the "
            "strains, the errors before yield are the test's"
        )
    return found


def elastic_line(test: TensionTest, proof_MPa: float) -> tuple[float, float] | None:
    """Slope, MPa, of a test well below its proof stress, and the strain, 1, where it begins.

    None if the test has too few points there, or does not rise.
    """
    low, high = (share * proof_MPa for share in ELASTIC)
    yields = int(np.argmax(test.stress_MPa > high))
    rising = (test.stress_MPa >= low) & (np.arange(len(test.stress_MPa)) < yields)
    if rising.sum() < LEAST_POINTS:
        return None
    slope, start = np.polyfit(test.strain[rising], test.stress_MPa[rising], 1)
    return (float(slope), float(-start / slope)) if slope > 0 else None
