"""Load tables of MTS: text of the 793 controllers (TestSuite, MPT) and of TestWorks.

A line ``MTS793|...``, facts, and one block of readings for each acquisition, under the same names
and a line of units: ``Axial Displacement`` is the actuator's. TestWorks has the table alone.
"""

from __future__ import annotations

from pathlib import Path

from slipfield.kinds.slip.measure.readers import load_table
from slipfield.kinds.slip.measure.readers.head import Head

NAME = "mts"
TITLE = "MTS"
SAID = ("MTS793", "Data Acquisition:", "TestWorks", "Axial Force")

POSITIONS = ("axial_displacement", "stroke", "position", "crosshead(_position)?")
"""Channels that are a place in the frame, not a travel from the start of the test."""


def recognises(head: Head) -> bool:
    """Whether a text has the facts or channels of MTS."""
    return any(head.says(text) for text in SAID)


def read(path: Path, unit: str | None) -> load_table.LoadCurve:
    """Read the readings of one test; places in the frame count from the first of them."""
    return load_table.read(path, unit, POSITIONS)
