"""Rendered micrographs with exact truth."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph import camera, surface
from slipfield.kinds.micrograph.presets import Draw, preset_of
from slipfield.kinds.micrograph.scene import Scene, boundaries_of, tessellate

WEAK = 0.35
"""Boundaries are weak where their groove is below this share of the full depth."""


@dataclass(frozen=True)
class Micrograph:
    """An image and what is truly on it.

    Attributes
    ----------
    image : uint8 (height, width), or (height, width, 3) in colour.
    labels : uint16 (height, width), grains from 1; they go on below particles and twins.
    boundaries : bool (height, width), the pixels on both sides of every grain boundary.
    weak : bool (height, width), those of them that are etched weakly or not at all.
    phases : uint8 (height, width), 0 matrix, 1 second phase.
    twins : bool (height, width), twin lamellae.
    pixel_um : size of a pixel, um.
    """

    image: np.ndarray
    labels: np.ndarray
    boundaries: np.ndarray
    weak: np.ndarray
    phases: np.ndarray
    twins: np.ndarray
    pixel_um: float


def render(
    preset: str, seed: int, shape: tuple[int, int] = (512, 512), scene: Scene | None = None
) -> Micrograph:
    """Micrograph of a preset; the same for the same arguments.

    Parameters
    ----------
    preset : a name of :data:`~slipfield.kinds.micrograph.presets.PRESETS`.
    seed : from 0.
    shape : height and width, px; of no account with ``scene``.
    scene : grains to draw instead of a tessellation, such as those of an orientation map.

    Raises
    ------
    SlipfieldError
        If there is no such preset, or seed or shape are out of range.
    """
    if seed < 0:
        raise SlipfieldError(f"seed: given {seed}; expected 0 or more")
    if scene is None and min(shape) < 16:
        raise SlipfieldError(f"shape: given {shape}; expected 16 px or more each way")
    source = np.random.SeedSequence([seed, zlib.crc32(preset.encode())])
    look, grains = map(np.random.default_rng, source.spawn(2))
    draw = Draw(preset_of(preset), look)
    if scene is None:
        scene = tessellate(shape, draw.grain, draw.spread, draw.gradient, draw.warp, grains)
    strength = surface.groove_strength(scene, draw)
    twins = surface.twins(scene, draw)
    phases = surface.particles(scene, draw)
    value = surface.reflectance(scene, strength, twins, phases, draw)
    boundaries = boundaries_of(scene.labels)
    return Micrograph(
        image=camera.photograph(value, draw),
        labels=scene.labels,
        boundaries=boundaries,
        weak=boundaries & (strength < WEAK),
        phases=phases.astype(np.uint8),
        twins=twins,
        pixel_um=draw.pixel_um,
    )
