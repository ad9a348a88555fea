"""What to think of an inversion: one word, and a sentence that says why and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Word = Literal["good", "doubtful", "none"]
Cause = Literal[
    "",
    "mesh",
    "optics",
    "slip law",
    "grain map",
    "thickness",
    "training",
    "noise",
    "mesh, grain map or slip law",
]


@dataclass(frozen=True)
class Verdict:
    """What to think of an answer.

    Attributes
    ----------
    word : "good", "doubtful", or "none": then no estimate is the answer.
    sentence : why, and what to do.
    cause : mesh, optics, slip law, grain map, thickness, training or noise; mesh, grain map or slip
        law where no finer mesh was tried, which could tell them apart; empty for "good".
    """

    word: Word
    sentence: str
    cause: Cause = ""

    @property
    def because(self) -> str:
        """The cause in brackets, to stand after the word; nothing for "good"."""
        return f" ({self.cause})" if self.cause else ""

    @property
    def text(self) -> str:
        """Word, cause and sentence."""
        return f"{self.word}{self.because}. {self.sentence}"


UNJUDGED = Verdict("doubtful", "Nothing was compared.", "training")
