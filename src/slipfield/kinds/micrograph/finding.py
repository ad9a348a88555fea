"""Grains and second phase of an image by a method, at the scale that suits each place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph.defaults import KEEP, SMALLEST_PX
from slipfield.kinds.micrograph.finer import fine_places, places_of, put_in
from slipfield.kinds.micrograph.grains import from_probability
from slipfield.kinds.micrograph.methods import BoundaryMethod, Finder
from slipfield.kinds.micrograph.pieces import in_one_piece
from slipfield.kinds.micrograph.zoom import (
    CLEARLY,
    ENLARGED,
    HARDLY,
    MOST_PX,
    at_full_size,
    choose,
    doubt,
    labels_at_full_size,
    next_larger,
    zoomed,
)

LEAST_IMAGE_PX = 32
"""Side of the smallest image in which anything is found, px."""


class Found(NamedTuple):
    """Grains of an image.

    Attributes
    ----------
    labels : uint16 (or uint32 beyond 65,535 grains) (height, width), from 1.
    probability : float32 (height, width), of boundaries.
    zoom : scale at which they were found; 1: that of the image.
    doubt : how undecided the method was, 0 to 1.
    finer : share of the image whose grains were found at the next larger scale instead, 1.
    too_large : share whose grains are too fine for ``zoom``, in places too large to be enlarged, 1.
    """

    labels: np.ndarray
    probability: np.ndarray
    zoom: float
    doubt: float
    finer: float = 0.0
    too_large: float = 0.0


def find_grains(
    image: np.ndarray,
    method: BoundaryMethod,
    keep: float = KEEP,
    smallest_px: int = SMALLEST_PX,
    zoom: float | None = None,
) -> Found:
    """Closed grains of an image by a method.

    Parameters
    ----------
    image : (height, width) or (height, width, 3).
    keep : least probability of a line between grains, 1.
    smallest_px : of a grain, px at the scale at which grains are found.
    zoom : that scale; None: where the method is least in doubt, if it knows one scale only, and
        the next larger one in places whose grains are too fine there; coarser ones are enlarged
        only where that makes the method clearly surer.

    Raises
    ------
    SlipfieldError
        If less than :data:`LEAST_IMAGE_PX` are left each way at ``zoom``, or more than memory
        holds.
    """
    if zoom is not None or not method.zooms:
        return _found_at(image, method, keep, smallest_px, zoom or 1.0)
    find = partial(_found_at, method=method, keep=keep, smallest_px=smallest_px)
    zoom = choose(method.find, image)
    if zoom == ENLARGED:
        if image.shape[0] * image.shape[1] * ENLARGED**2 > MOST_PX:
            return _finer(image, find, find(image, zoom=1.0))
        return _coarser(image, find, find(image, zoom=zoom))
    return _finer(image, find, find(image, zoom=zoom))


def _finer(image: np.ndarray, find: Callable[..., Found], found: Found) -> Found:
    """Grains with those of the next larger scale where they are too fine for theirs."""
    larger = next_larger(found.zoom)
    labels, probability, share, too_large = found.labels, found.probability.copy(), 0.0, 0.0
    for box, place in places_of(fine_places(found.labels, found.zoom), found.zoom):
        if place.size * larger**2 > MOST_PX:
            too_large += float(place.sum() / found.labels.size)
            continue
        inner = find(image[box], zoom=larger)
        if found.zoom < 1 and inner.doubt > HARDLY * doubt(found.probability[box]):
            continue
        if place.shape == found.labels.shape and place.all():
            return inner
        labels = put_in(labels, box, inner.labels, place, found.zoom)
        probability[box] = np.where(place, inner.probability, probability[box])
        share += float(place.sum() / found.labels.size)
    return found._replace(labels=labels, probability=probability, finer=share, too_large=too_large)


def _coarser(image: np.ndarray, find: Callable[..., Found], found: Found) -> Found:
    """Grains of an enlarged image, with those of its own scale where they are coarse.

    All of them where enlarging makes the method clearly surer.
    """
    fine = fine_places(found.labels, 1.0)
    if fine.all():
        return found
    own = find(image, zoom=1.0)
    if found.doubt < CLEARLY * own.doubt:
        return found
    if not fine.any():
        return own
    labels = put_in(own.labels, (slice(None), slice(None)), found.labels, fine, 1.0)
    probability = np.where(fine, found.probability, own.probability)
    return own._replace(labels=labels, probability=probability, finer=float(fine.mean()))


def _found_at(
    image: np.ndarray, method: BoundaryMethod, keep: float, smallest_px: int, zoom: float
) -> Found:
    shape = image.shape[:2]
    if zoom > 1 and shape[0] * shape[1] * zoom**2 > MOST_PX:
        raise SlipfieldError(
            f"zoom: {zoom:g} times {shape[1]} x {shape[0]} px; expected {MOST_PX:,} px at most at "
            "that scale: take a smaller zoom, or cut the image by --window"
        )
    if zoom < 1 and min(shape) * zoom <= LEAST_IMAGE_PX - 1:
        raise SlipfieldError(
            f"zoom: 1/{round(1 / zoom)} of {shape[1]} x {shape[0]} px; expected {LEAST_IMAGE_PX} "
            "px or more each way at that scale: take a larger zoom"
        )
    probability = method.find(zoomed(image, zoom))
    labels = from_probability(probability, method.closing, keep, smallest_px)
    return Found(
        in_one_piece(labels_at_full_size(labels, probability, zoom, shape)),
        at_full_size(probability, zoom, shape),
        zoom,
        doubt(probability),
    )


def scale_of_phases(zoom: float, name: str, model: Path | None = None) -> float:
    """Scale at which second phase is found where grains are found at ``zoom``.

    Finer pixels than detail are as bad for particles as for grains. Fine grains have no fine
    particles, so that nothing is enlarged for them. Who marks images marks them at their own scale,
    which is what a network that has learnt from them knows.

    Parameters
    ----------
    name : of the method. model : network of the user.
    """
    from slipfield.kinds.micrograph.weights import learnt_marks

    if name == "network" and learnt_marks("phases", model):
        return 1.0
    return min(zoom, 1.0)


def phases_at(image: np.ndarray, find: Finder, zoom: float) -> np.ndarray:
    """Probability of second phase (height, width), float32, found at another scale."""
    return at_full_size(find(zoomed(image, zoom)), zoom, image.shape[:2])
