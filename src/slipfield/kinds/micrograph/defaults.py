"""How a map of boundaries becomes closed grains, unless the user says otherwise, and with what."""

from __future__ import annotations

from pathlib import Path

KEEP = 0.12
"""Mean probability along a line between two cells below which there is no boundary, 1."""
SMALLEST_PX = 20
"""Grains of fewer pixels go to a neighbour."""
SHIPPED = Path(__file__).parent / "trained"
"""Networks that come with Slipfield."""


def shipped(task: str) -> Path:
    """File of the network that comes with Slipfield, if one does."""
    return SHIPPED / f"{task}.safetensors"
