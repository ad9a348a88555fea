"""Names of strain measures in the headers of measuring programs."""

from __future__ import annotations

import re

WORDS = {
    "green_lagrange": r"(green|lagrang\w*|greenlagrange|gl)",
    "hencky": r"(hencky|log|logarithmic|logarithmisch\w*|logarithmique|true|natural|ln)",
    "almansi": r"(almansi|euler|eulerian|ea)",
    "engineering": r"(engr|eng|engineering|technical|technisch\w*|nominal|biot|cauchy"
    r"|infinitesimal|small|linear|ingenieur\w*|conventional)",
}
IDLE = frozenset(
    "strain strains tensor tensorial measure component map field global frame exx eyy exy xx yy xy "
    "x y epsilon eps e in the smoothed smooth filtered filter raw avg mean value dehnung "
    "deformation".split()
)
"""Words that say nothing about the measure."""


def measure_in(text: str) -> tuple[str | None, str]:
    """Strain measure that a remark names, and the words of a measure that is none of ours.

    ``engr.`` and ``Biot`` are engineering strain, ``Log.`` and ``true`` Hencky's. Two measures in
    one remark (``Log. Euler-Almansi``) are a third one, which is not known here.
    """
    words = [word for word in re.split(r"[^a-z]+", text.lower()) if word]
    found = {
        name for word in words for name, pattern in WORDS.items() if re.fullmatch(pattern, word)
    }
    rest = [word for word in words if word not in IDLE]
    if len(found) == 1:
        return found.pop(), ""
    return None, text.strip() if rest else ""
