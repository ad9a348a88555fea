"""How probabilities become closed grains and second phase, unless the user says otherwise."""

from __future__ import annotations

from pathlib import Path

KEEP = 0.5
"""Probability that a line between two cells is a boundary, below which they are one grain, 1."""
RENDERED_PHASE = 0.35
"""Probability from which on a pixel is second phase to a network that has learnt from rendered
images: of 21 that it neither learnt from nor is scored on, areas are right in the mean and the IoU
is highest; at 0.5 a tenth of the area is lost."""
SMALLEST_PX = 20
"""Grains of fewer pixels go to a neighbour."""
SHIPPED = Path(__file__).parent / "trained"
"""Networks that come with Slipfield."""


def shipped(task: str) -> Path:
    """File of the network that comes with Slipfield, if one does."""
    return SHIPPED / f"{task}.safetensors"
