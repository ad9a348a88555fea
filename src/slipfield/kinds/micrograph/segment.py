"""From a micrograph to closed grains and second phase: the work of `micrograph segment`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield.core.digest import file_digest
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.places import claimed
from slipfield.core.recorded import forget
from slipfield.kinds.micrograph.defaults import KEEP, SMALLEST_PX, shipped
from slipfield.kinds.micrograph.files import (
    DRAWN,
    FACTS,
    MEASURED,
    OF_MEASURE,
    read_image,
    refuse_folder,
    write_image,
)
from slipfield.kinds.micrograph.finding import find_grains, phases_at, scale_of_phases
from slipfield.kinds.micrograph.methods import boundary_method, phase_method
from slipfield.kinds.micrograph.scale import Bar, Scale, scale_of
from slipfield.kinds.micrograph.surroundings import surroundings_of
from slipfield.kinds.micrograph.zoom import next_larger

PICTURES = ("grains", "boundaries", "phases", "overlay")
UNSURE = 0.7
"""Doubt of a method of boundaries from which the user is told."""


@dataclass(frozen=True)
class SegmentOptions:
    """How a micrograph is segmented.

    Attributes
    ----------
    pixel_um, bar_um : size of a pixel, and length of the scale bar, um, if said.
    method : network, or a classical method; None: the network if it comes along, else ridge.
    phase_method : network, or otsu; None: the network, but otsu beside a classical ``method``.
    model, phase_model : networks of the user.
    keep : least probability of a line between grains, 1.
    smallest_px : grains of fewer pixels, at the scale ``zoom``, are joined to a neighbour.
    window : left, top, right and lower edge, px, of what is the specimen; None: all but
        information bars.
    zoom : scale at which grains are found: 1 over a whole number, or a whole number; None: where a
        network is least in doubt.
    """

    pixel_um: float | None = None
    bar_um: float | None = None
    method: str | None = None
    model: Path | None = None
    phase_model: Path | None = None
    keep: float = KEEP
    smallest_px: int = SMALLEST_PX
    window: tuple[int, int, int, int] | None = None
    phase_method: str | None = None
    zoom: float | None = None


def segment(path: Path, folder: Path, options: SegmentOptions) -> dict[str, object]:
    """Segment an image file into ``folder``.

    Writes ``grains.png`` (16-bit labels, 0: none), ``boundaries.png`` (8-bit probability),
    ``phases.png`` (0: matrix, 1: second phase), ``overlay.png`` and ``micrograph.json``, which is
    returned.

    Raises
    ------
    SlipfieldError
        If the image cannot be read or is one of the files to be written, its scale is unknown, the
        method is, there are too many grains for 16 bits, or ``folder`` is one of `render`.
    """
    refuse_folder(folder, DRAWN, "micrograph render")
    if path.resolve() in [(folder / f"{name}.png").resolve() for name in PICTURES]:
        raise SlipfieldError(f"{path}: would be written over; choose another output folder")
    image = read_image(path)
    scale = scale_of(path, image, options.pixel_um, options.bar_um)
    method, phase = _methods(options)
    zoom = _zoom(options.zoom)
    boundaries = boundary_method(method, options.model)
    find_phases = phase_method(phase, options.phase_model)
    window, notes = surroundings_of(image, options.window)
    inside = _inside(image, window)
    notes += _of_bar(scale.bar, inside)
    part = image[inside]
    found = find_grains(part, boundaries, options.keep, options.smallest_px, zoom)
    probability = np.zeros(image.shape[:2], np.float32)
    probability[inside] = found.probability
    labels = np.zeros(image.shape[:2], found.labels.dtype)
    labels[inside] = found.labels
    if labels.dtype != np.uint16:
        raise SlipfieldError(f"{path}: {labels.max()} grains; 16-bit labels hold 65,535: cut it")
    phases = np.zeros(image.shape[:2], np.uint8)
    phase_zoom = scale_of_phases(found.zoom, phase, options.phase_model)
    phases[inside] = phases_at(part, find_phases, phase_zoom) >= 0.5
    shades = (255 * probability + 0.5).astype(np.uint8)
    pictures = (labels, shades, phases, overlay(image, labels, phases))
    with claimed(folder, "micrograph segment"):
        for earlier in (FACTS, MEASURED, *OF_MEASURE):
            forget(folder / earlier)
        for name, picture in zip(PICTURES, pictures, strict=True):
            write_image(folder / f"{name}.png", picture, scale.pixel_um)
        facts = _facts(path, folder, options, scale, (method, phase), labels, phases)
        facts |= {
            "zoom": found.zoom,
            "doubt": round(found.doubt, 4),
            "phase_zoom": phase_zoom,
            "finer_share": round(found.finer, 4),
            "too_fine_share": round(found.too_large, 4),
            "window_px": window,
            "surroundings": notes,
        }
        write_text(folder / FACTS, json.dumps(facts, indent=2) + "\n")
    return facts


def of_scale(facts: dict[str, object]) -> list[str]:
    """What the user should know of the scale at which grains were found, and of doubts."""
    zoom, said = float(facts["zoom"]), []  # type: ignore[arg-type]
    if zoom < 1:
        said.append(
            f"the image is finer than its detail: grains were found at 1/{round(1 / zoom)} of its "
            "size (--zoom 1 takes it as it is)"
        )
    if zoom > 1:
        said.append(
            f"grains or lines are fine: they were found at {zoom:g} times the image's size "
            "(--zoom 1 takes it as it is)"
        )
    if finer := float(facts["finer_share"]):  # type: ignore[arg-type]
        said.append(
            f"in {100 * finer:.0f} % of the image grains are finer than in the rest: they were "
            f"found at {next_larger(zoom):g} times the image's size there (--zoom {zoom:.3g} takes "
            "all of it alike)"
        )
    if too_fine := float(facts["too_fine_share"]):  # type: ignore[arg-type]
        said.append(
            f"in {100 * too_fine:.0f} % of the image grains are too fine for its scale, and there "
            "is too much of it to be enlarged: cut the image by --window"
        )
    if facts["method"] == "network" and float(facts["doubt"]) > UNSURE:  # type: ignore[arg-type]
        said.append(
            f"the network is in doubt about much of this image ({facts['doubt']:.2f}): of rendered "
            f"ones with {UNSURE:g} or more, half have a mean intercept more than 10 % off"
        )
    return said


def _methods(options: SegmentOptions) -> tuple[str, str]:
    """Methods of boundaries and of second phase."""
    method = options.method or (
        "network" if shipped("boundaries").exists() or options.model else "ridge"
    )
    phase = options.phase_method or (
        "network" if method == "network" or options.phase_model else "otsu"
    )
    if method != "network" and options.model:
        raise SlipfieldError(f"model: given with method {method}; leave out one of them")
    if phase != "network" and options.phase_model:
        raise SlipfieldError(f"phase-model: given with phase-method {phase}; leave out one of them")
    return method, phase


def _inside(image: np.ndarray, window: tuple[int, int, int, int] | None) -> tuple[slice, slice]:
    """Rows and columns of the specimen."""
    height, width = image.shape[:2]
    left, top, right, bottom = window or (0, 0, width, height)
    if not (0 <= left <= right - 16 < width - 15 and 0 <= top <= bottom - 16 < height - 15):
        raise SlipfieldError(
            f"window: given {left} {top} {right} {bottom}; expected left, top, right and lower "
            f"edge, 16 px apart or more, within the image of {width} x {height} px"
        )
    return slice(top, bottom), slice(left, right)


def _of_bar(bar: Bar | None, inside: tuple[slice, slice]) -> list[str]:
    """A sentence on a scale bar within the rows and columns of the specimen."""
    rows, columns = inside
    if bar is None or not rows.start <= bar.row < rows.stop:
        return []
    if bar.last < columns.start or bar.first >= columns.stop:
        return []
    return ["the scale bar counts as grains: --window leaves it out"]


def _zoom(asked: float | None) -> float | None:
    """Scale that the user asks for, exactly 1 over a whole number, or a whole number."""
    if asked is None:
        return None
    times = asked if asked >= 1 else 1 / max(asked, 1e-9)
    if abs(times - round(times)) > 0.02 * times or times > 100:
        raise SlipfieldError(
            f"zoom: given {asked:g}; expected a whole number, or 1 over one, such as 2, 0.5, 0.333"
        )
    return float(round(times)) if asked >= 1 else 1 / round(times)


def overlay(image: np.ndarray, labels: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """The image (height, width, 3), uint8, with red grain boundaries and blue second phase."""
    from slipfield.kinds.micrograph.scene import boundaries_of
    from slipfield.kinds.micrograph.tones import grey

    if image.ndim == 3 and image.dtype == np.uint8:
        colours = image[..., :3].copy()
    else:
        value = grey(image)
        low, high = np.quantile(value[::3, ::3], [0.005, 0.995])
        value = np.clip((value - low) / max(float(high - low), 1e-6), 0.0, 1.0)
        colours = np.repeat((255 * value).astype(np.uint8)[..., None], 3, axis=2)
    covered = phases > 0
    colours[covered] = colours[covered] // 2 + np.array([0, 50, 110], np.uint8)
    colours[boundaries_of(labels)] = (220, 30, 30)
    return colours


def _facts(
    path: Path,
    folder: Path,
    options: SegmentOptions,
    scale: Scale,
    methods: tuple[str, str],
    labels: np.ndarray,
    phases: np.ndarray,
) -> dict[str, object]:
    method, phase = methods
    model = options.model or (shipped("boundaries") if method == "network" else None)
    phase_model = options.phase_model or (shipped("phases") if phase == "network" else None)
    return {
        "image": path.name,
        "image_sha256": file_digest(path),
        "grains_sha256": file_digest(folder / "grains.png"),
        "pixel_um": scale.pixel_um,
        "pixel_source": scale.source,
        "height_px": int(labels.shape[0]),
        "width_px": int(labels.shape[1]),
        "method": method,
        "model": None if model is None else model.name,
        "model_sha256": None if model is None else file_digest(model),
        "phase_method": phase,
        "phase_model": None if phase_model is None else phase_model.name,
        "phase_model_sha256": None if phase_model is None else file_digest(phase_model),
        "keep": options.keep,
        "smallest_px": options.smallest_px,
        "grains": int(labels.max()),
        "area_fraction": float(phases[labels > 0].mean()),
    }
