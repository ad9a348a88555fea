"""Methods that find grain boundaries and second phase, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph.closing import Closing, classical_closing

PHASE_METHODS = ("network", "otsu")
"""Methods that find second phase."""

MIRRORED = ((1, 1), (-1, 1), (1, -1), (-1, -1))
"""Steps along rows and columns of an image as it is, upside down, mirrored, and both."""

Finder = Callable[[np.ndarray], np.ndarray]
"""From an image (height, width) or (height, width, 3) to a probability (height, width)."""


@dataclass(frozen=True)
class BoundaryMethod:
    """A method that finds grain boundaries.

    Attributes
    ----------
    find : gives their probability.
    closing : says which of the lines between cells are boundaries.
    zooms : whether the method knows one scale only, which has to be looked for; not of a network
        that has learnt from marked images, whose scale is that of its images.
    """

    find: Finder
    closing: Closing
    zooms: bool = False


Method = Any
"""A :class:`BoundaryMethod` of boundaries, a :data:`Finder` of second phase."""


def named_method(task: str, name: str, model: Path | None = None) -> Method:
    """Method of a task by name; ``model``: a network of the user.

    Raises
    ------
    SlipfieldError
        If there is no such method.
    """
    return (boundary_method if task == "boundaries" else phase_method)(name, model)


def boundary_method(name: str, model: Path | None = None) -> BoundaryMethod:
    """Method that finds boundaries; ``model``: a network of the user.

    Raises
    ------
    SlipfieldError
        If there is no such method.
    """
    from slipfield.kinds.micrograph.classical import METHODS

    if name == "network":
        from slipfield.kinds.micrograph.weights import closing_of, learnt_marks

        find = network_finder("boundaries", model)
        zooms = not learnt_marks("boundaries", model)
        return BoundaryMethod(find, closing_of(model), zooms)
    if name not in METHODS:
        raise SlipfieldError(
            f"method: given {name!r}; expected one of network, {', '.join(METHODS)}"
        )
    return BoundaryMethod(METHODS[name], classical_closing(name))


def phase_method(name: str, model: Path | None = None) -> Finder:
    """Method that finds the probability of second phase; ``model``: of a network of the user.

    Raises
    ------
    SlipfieldError
        If there is no such method.
    """
    from slipfield.kinds.micrograph.classical import second_phase

    if name not in PHASE_METHODS:
        raise SlipfieldError(
            f"phase-method: given {name!r}; expected one of {', '.join(PHASE_METHODS)}"
        )
    return network_finder("phases", model) if name == "network" else second_phase


def network_finder(task: str, model: Path | None = None) -> Finder:
    """What a network file finds; None: the one that comes with Slipfield.

    Second phase is found four times, as the image is, mirrored and upside down, and the mean of the
    logarithms of the odds is taken. Odds are those over the network's border, so that what counts
    has 0.5 or more.
    """
    from slipfield.kinds.micrograph.tiles import network_for, probability
    from slipfield.kinds.micrograph.weights import border_of

    network, border = network_for(task, model), border_of(task, model)
    ways = MIRRORED if task == "phases" else MIRRORED[:1]

    def found(image: np.ndarray) -> np.ndarray:
        total = np.zeros(image.shape[:2], np.float32)
        for rows, columns in ways:
            value = probability(network, image[::rows, ::columns])[::rows, ::columns]
            total += logit(np.clip(value, 1e-6, 1 - 1e-6))
        return expit(total / len(ways) - logit(border))

    return found
