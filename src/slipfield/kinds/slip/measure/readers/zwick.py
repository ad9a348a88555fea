"""Load tables of ZwickRoell: text of testXpert, in the language of the program.

Facts (``"Specimen thickness",1.5,"mm"``) come before the names, the units stand in a line of their
own. ``Standard force`` (``Standardkraft``) is the load cell's, ``Standard travel``
(``Standardweg``) what the test was set to measure, ``Crosshead absolute`` its place in the frame.
"""

from __future__ import annotations

from pathlib import Path

from slipfield.kinds.slip.measure.readers import load_table
from slipfield.kinds.slip.measure.readers.head import Head

NAME = "zwick"
TITLE = "ZwickRoell testXpert"
SAID = ("Standard force", "Standardkraft", "Standard travel", "Standardweg", "testXpert", "Zwick")

POSITIONS = ("crosshead_absolute", r"traverse(nweg|nposition|n)?_absolut", "traversenposition")
"""Channels that are a place in the frame, not a travel from the start of the test."""


def recognises(head: Head) -> bool:
    """Whether a text has the channels of testXpert."""
    return any(head.says(text) for text in SAID)


def read(path: Path, unit: str | None) -> load_table.LoadCurve:
    """Read the readings of one test; places in the frame count from the first of them."""
    return load_table.read(path, unit, POSITIONS)
