"""What is asked of a design: targets, bounds of the parameters, tolerances, and the cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.defaults import DEGREE
from slipfield.kinds.composite.geometry import CELLS
from slipfield.kinds.composite.parameters import (
    FIBRE,
    PARAMETERS,
    check_bounds,
    check_name,
    free_parameters,
    with_holes,
)
from slipfield.kinds.composite.targets import Target, Widths, parse_tolerances

if TYPE_CHECKING:
    from slipfield.kinds.composite.study import CompositeStudy

BOUNDS = {
    "em": (2.0, 8.0),
    "num": (0.3, 0.4),
    "ef": (50.0, 450.0),
    "nuf": (0.2, 0.35),
    "fraction": (0.2, 0.4),
}
"""Bounds of the parameters (GPa, 1) where none are given: those of the published study."""

EXAMPLES = {"target": "C22 15.2 16.8", "bounds": "em 3 6"}
"""What an option may be given."""


def check_array(array: str) -> None:
    """Refuse an unknown fibre array.

    Raises
    ------
    SlipfieldError
        Naming the arrays that exist.
    """
    if array not in CELLS:
        raise SlipfieldError(f"array: given {array!r}; arrays are {', '.join(CELLS)}")


@dataclass(frozen=True)
class Question:
    """Targets, bounds of the parameters, tolerances, and the cell.

    Attributes
    ----------
    bounds : (2, 5); a parameter whose two are one number is given.
    widths : of the box of the user's tolerances, or None.
    void : holes instead of fibres.  degree : of the cells that the surrogate is made of.
    """

    targets: tuple[Target, ...]
    bounds: np.ndarray
    widths: Widths | None
    array: str = "square"
    seed: int = 0
    void: bool = False
    degree: int = DEGREE

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that the composite has."""
        return tuple(name for name in PARAMETERS if not (self.void and name in FIBRE))

    @classmethod
    def parse(
        cls,
        targets: Sequence[Sequence[str | float]],
        bounds: Sequence[Sequence[str | float]],
        tolerances: Sequence[Sequence[str]],
        array: str = "square",
        seed: int = 0,
        void: bool = False,
        degree: int = DEGREE,
    ) -> Question:
        """Check what was given: names with two numbers, parameters with a tolerance.

        Raises
        ------
        SlipfieldError
            Naming what is wrong and what is allowed.
        """
        check_array(array)
        if not targets:
            raise SlipfieldError(
                f"target: none given; name a constant and its bounds, such as {EXAMPLES['target']}"
            )
        found = tuple(Target(*_named(words, "target")) for words in targets)
        if len({t.name for t in found}) < len(found):
            raise SlipfieldError("target: a constant is given twice; keep one of them")
        for option, given in (("bounds", bounds), ("tolerance", tolerances)):
            _check_names([str(words[0]) for words in given if words], option, void)
        box = dict(BOUNDS)
        for words in bounds:
            name, low, high = _named(words, "bounds")
            if not low <= high:
                raise SlipfieldError(
                    f"bounds {name}: given {low} to {high}; the lowest value must not exceed the "
                    "highest"
                )
            box[name] = (low, high)
        table = np.array([box[name] for name in PARAMETERS], float).T
        check_bounds(table, CELLS[array].packing, void)
        table = with_holes(table) if void else table
        widths = parse_tolerances(tolerances)
        for k in np.flatnonzero(~free_parameters(table)):
            if widths and (widths.constant[k] or widths.share[k]):
                raise SlipfieldError(
                    f"tolerance {PARAMETERS[k]}: its bounds are one number, {table[0, k]:g}, which "
                    "has no tolerance; give it bounds of some width"
                )
        return cls(found, table, widths, array, seed, void, degree)


def _check_names(names: Sequence[str], option: str, void: bool) -> None:
    """Refuse names of no parameter, of none that holes have, and those given twice."""
    for i, name in enumerate(names):
        check_name(name, option)
        if void and name in FIBRE:
            raise SlipfieldError(f"{option} {name}: holes have no such constant; leave it out")
        if name in names[:i]:
            raise SlipfieldError(f"{option} {name}: given twice; keep one of them")


def _named(words: Sequence[str | float], option: str) -> tuple[str, float, float]:
    """A name and two finite numbers from what was given to an option."""
    try:
        name, low, high = words[0], *map(float, words[1:])
        if not np.isfinite([low, high]).all():
            raise ValueError
    except (IndexError, ValueError):
        raise SlipfieldError(
            f"{option}: given {' '.join(map(str, words))!r}; expected a name and two numbers, such "
            f"as {EXAMPLES[option]}"
        ) from None
    return str(name), low, high


def question_of(study: CompositeStudy) -> Question:
    """What a study file asks; tolerances of parameters that are given one number do not matter."""
    bounds = study.box()
    free = dict(zip(PARAMETERS, free_parameters(bounds), strict=True))
    tolerances = [pair for pair in study.design.tolerances.items() if free[pair[0]]]
    return Question(
        tuple(target.target() for target in study.targets),
        bounds,
        parse_tolerances(tolerances),
        study.cell.array,
        study.design.seed,
        study.cell.void,
        study.cell.degree,
    )
