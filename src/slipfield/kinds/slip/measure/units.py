"""Units in the headers of measuring programs: one table of every spelling that is met.

Lengths become mm, times s, forces N, stresses MPa, strains plain numbers. Pixels are a unit of
their own. Case counts only where it changes the meaning (mN and MN).
"""

from __future__ import annotations

import re

PIXEL = "px"
EPSILON = "\N{GREEK SMALL LETTER EPSILON}"
_MICRO = ("u", "\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}")


def _spelled(factors: dict[float, str]) -> dict[str, float]:
    """Factors by every spelling; words are separated by blanks, "~" stands for a micro sign."""
    found: dict[str, float] = {}
    for factor, words in factors.items():
        for word in words.split():
            signs = _MICRO if "~" in word else ("",)
            found |= {word.replace("~", sign): factor for sign in signs}
    return found


LENGTHS = _spelled(
    {
        1.0: "mm millimeter millimeters millimetre millimetres",
        10.0: "cm centimeter centimeters centimetre centimetres",
        1e3: "m meter meters metre metres",
        1e-3: "~m micron microns micrometer micrometers micrometre micrometres mikrometer ~",
        1e-6: "nm nanometer nanometers nanometre nanometres",
        25.4: 'in inch inches in. " zoll',
        304.8: "ft foot feet",
        0.0254: "mil mils thou",
    }
)
PIXELS = frozenset("px pix pixel pixels pxl".split())
TIMES = _spelled(
    {
        1.0: "s sec secs second seconds sek sekunde sekunden seconde secondes sec. "
        "segundo segundos secondo secondi "
        "hh:mm:ss h:mm:ss hh:mm:ss.s mm:ss mm:ss.s h:m:s",
        1e-3: "ms msec millisecond milliseconds",
        1e-6: "~s ~sec microsecond microseconds",
        60.0: "min mins minute minutes minuten min.",
        3600.0: "h hr hrs hour hours stunde stunden heure heures",
    }
)
FORCES = _spelled(
    {
        1.0: "n newton newtons",
        1e3: "kn kilonewton kilonewtons",
        10.0: "dan",
        0.01: "cn",
        1e-6: "~n",
        9.80665: "kgf kp kilopond",
        9.80665e-3: "gf pond",
        4.4482216152605: "lbf lb lbs pound pounds pound-force",
        4448.2216152605: "kip kips klbf",
        0.2780138509537812: "ozf",
    }
)
MILLINEWTON, MEGANEWTON = {"mN": 1e-3, "millinewton": 1e-3}, {"MN": 1e6, "meganewton": 1e6}
STRESSES = _spelled(
    {
        1.0: "mpa n/mm2 n/mm^2 n/mm\N{SUPERSCRIPT TWO} n/mm**2 megapascal mn/m2 mn/m^2",
        1e3: "gpa kn/mm2 kn/mm^2 kn/mm\N{SUPERSCRIPT TWO}",
        1e-3: "kpa",
        1e-6: "pa n/m2 n/m^2 pascal",
        0.006894757293168: "psi",
        6.894757293168: "ksi",
        9.80665: "kgf/mm2 kgf/mm^2 kgf/mm\N{SUPERSCRIPT TWO} kp/mm2 kp/mm\N{SUPERSCRIPT TWO}",
    }
)
STRAINS = _spelled(
    {
        1.0: "1 - mm/mm m/m in/in strain one dimensionless unitless",
        1e-2: "% percent pct prozent pourcent",
        1e-3: f"\N{PER MILLE SIGN} permille promille mm/m millistrain mstrain m{EPSILON}",
        1e-6: f"~m/m ~strain microstrain microstrains ~{EPSILON} ~e ppm",
    }
)
ANGLES = _spelled(
    {1.0: "rad radian radians", 0.017453292519943295: "deg degree degrees \N{DEGREE SIGN} grad"}
)
_TABLES = (LENGTHS, TIMES, FORCES, STRESSES, STRAINS, ANGLES)


def plain(unit: str) -> str:
    """Unit without brackets, quotes and blanks at its ends, in small letters."""
    return unit.strip().strip("[]()<>").strip().lower()


def length(unit: str) -> float | None:
    """Factor to mm, or None if the unit is no length; pixels are none."""
    return LENGTHS.get(plain(unit))


def is_pixel(unit: str) -> bool:
    """Whether a unit is pixels."""
    return plain(unit) in PIXELS


def time(unit: str) -> float | None:
    """Factor to s, or None."""
    return TIMES.get(plain(unit))


def force(unit: str) -> float | None:
    """Factor to N, or None."""
    bare = unit.strip().strip("[]()<>").strip()
    for table in (MILLINEWTON, MEGANEWTON):
        if bare in table:
            return table[bare]
    return FORCES.get(bare.lower())


def stress(unit: str) -> float | None:
    """Factor to MPa, or None."""
    return STRESSES.get(plain(unit))


def strain(unit: str) -> float | None:
    """Factor to plain strain, or None; an empty unit is plain."""
    bare = plain(unit)
    return 1.0 if not bare else STRAINS.get(bare)


def is_unit(text: str) -> bool:
    """Whether a text is a unit of any kind."""
    bare = plain(text)
    return bare in PIXELS or any(bare in table for table in _TABLES) or force(text) is not None


def differ(one: str, other: str) -> bool:
    """Whether two units are of the same kind, but of different size."""
    for factor in (length, time, force, stress):
        sizes = factor(one), factor(other)
        if None not in sizes:
            return sizes[0] != sizes[1]
    strains = STRAINS.get(plain(one)), STRAINS.get(plain(other))
    return None not in strains and strains[0] != strains[1]


def is_unit_row(entries: list[str]) -> bool:
    """Whether entries below a header are units: most of those that are filled, and no numbers.

    A ``1`` among units is that of strains.
    """
    filled = [entry.strip() for entry in entries if entry.strip()]
    numbers = [entry for entry in filled if re.fullmatch(r"[+-]?\d+([.,]\d+)?", entry)]
    words = [entry for entry in filled if entry not in numbers]
    if not words or set(numbers) - {"1"}:
        return False
    known = [bool(re.fullmatch(r"[\[(][^\])]*[\])]", w)) or is_unit(w) for w in words]
    return 2 * sum(known) >= len(words)
