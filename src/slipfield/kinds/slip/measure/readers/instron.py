"""Load tables of Instron: raw data of Bluehill (CSV) and of WaveMatrix.

Bluehill puts pairs of facts (``"Specimen label","1"``, ``General : ...``) or a table of results
before the readings, and the units in brackets in a second line or in the names. ``Extension`` and
``Position`` are travel of the crosshead. WaveMatrix names the channel behind a quantity:
``Load(Linear:Load) (kN)``.
"""

from __future__ import annotations

from pathlib import Path

from slipfield.kinds.slip.measure.readers import load_table
from slipfield.kinds.slip.measure.readers.head import Head

NAME = "instron"
TITLE = "Instron Bluehill or WaveMatrix"
SAID = ("Results Table", "General : ", "Bluehill", "(Linear:", "Specimen label", "Instron")

POSITIONS = ("position", "crosshead_position", "crosshead_separation")
"""Channels that are a place in the frame, not a travel from the start of the test."""


def recognises(head: Head) -> bool:
    """Whether a text has the facts or channels of Instron."""
    return any(head.says(text) for text in SAID)


def read(path: Path, unit: str | None) -> load_table.LoadCurve:
    """Read the readings of one test; places in the frame count from the first of them."""
    return load_table.read(path, unit, POSITIONS)
