"""How a map of boundaries becomes closed grains, unless the user says otherwise."""

KEEP = 0.15
"""Mean probability along a line between two cells below which there is no boundary, 1."""
SMALLEST_PX = 20
"""Grains of fewer pixels go to a neighbour."""
