"""How rendered micrographs look: ranges from which every image draws."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from slipfield.core.errors import SlipfieldError

Range = tuple[float, float]


@dataclass(frozen=True)
class Preset:
    """Ranges of one kind of micrograph; lengths in px, grey values and strengths from 0 to 1.

    Attributes
    ----------
    pixel_um : size of a pixel, um.
    grain : mean grain diameter. spread : deviation of ln(diameter). gradient : ln of the ratio of
    diameters in the middle and at the edges. warp : bends of boundaries, in grain diameters.
    matrix : grey value of a grain. tone : its deviation between grains. texture : roughness within.
    groove : depth of the grooves, negative for bright boundaries. groove_width : their half width.
    weak : share of boundaries that are etched weakly or not at all. fade : change along a boundary.
    step : share of a groove's two sides that differ (relief), 0 to 1.
    twins : share of twinned grains; twin_tone : tone of twins.
    pits : etch pits in 1000 px^2. scratches, stains : how many.
    particles : area fraction of second phase as blobs; strings : share of boundaries with
    particles on them; chains : share of boundaries with rows of round particles; round : share of
    the blobs that are round; particle : their radius; particle_tone : change of grey value; rim :
    grey value added around them; core : that of their middle.
    light : change of illumination over the image. blur : deviation. noise : deviation at each px.
    quality : of the JPEG compression, 100 for none. colours : palette of grains, or grey.
    either_sign : ranges of sizes whose sign is drawn, too, so that nothing near 0 is drawn.
    """

    pixel_um: Range
    grain: Range
    spread: Range = (0.15, 0.4)
    gradient: Range = (0.0, 0.0)
    warp: Range = (0.02, 0.1)
    matrix: Range = (0.6, 0.8)
    tone: Range = (0.01, 0.04)
    texture: Range = (0.005, 0.02)
    groove: Range = (0.3, 0.6)
    groove_width: Range = (0.6, 1.4)
    weak: Range = (0.1, 0.3)
    fade: Range = (0.1, 0.4)
    step: Range = (0.0, 0.3)
    twins: Range = (0.0, 0.0)
    twin_tone: Range = (0.0, 0.0)
    pits: Range = (0.0, 0.3)
    scratches: Range = (0.0, 4.0)
    stains: Range = (0.0, 2.0)
    particles: Range = (0.0, 0.01)
    strings: Range = (0.0, 0.0)
    chains: Range = (0.0, 0.0)
    round: Range = (0.0, 0.0)
    particle: Range = (2.0, 5.0)
    particle_tone: Range = (-0.5, -0.3)
    rim: Range = (0.0, 0.0)
    core: Range = (0.0, 0.0)
    light: Range = (0.02, 0.15)
    blur: Range = (0.5, 1.0)
    noise: Range = (0.01, 0.03)
    quality: Range = (80.0, 100.0)
    colours: tuple[tuple[float, float, float], ...] = ()
    either_sign: tuple[str, ...] = ()


PRESETS = {
    "etched-steel": Preset(
        pixel_um=(0.25, 1.0),
        grain=(22.0, 70.0),
        matrix=(0.68, 0.85),
        tone=(0.01, 0.05),
        groove=(0.3, 0.65),
        groove_width=(0.6, 2.0),
        pits=(0.0, 0.5),
    ),
    "mg-gd": Preset(
        pixel_um=(0.5, 1.5),
        grain=(30.0, 90.0),
        matrix=(0.55, 0.75),
        tone=(0.01, 0.05),
        texture=(0.01, 0.04),
        groove=(0.12, 0.4),
        weak=(0.15, 0.35),
        fade=(0.2, 0.5),
        pits=(0.2, 1.2),
        scratches=(3.0, 16.0),
        stains=(0.0, 4.0),
        particles=(0.005, 0.05),
        strings=(0.0, 0.25),
        particle=(1.5, 4.5),
        particle_tone=(-0.45, -0.2),
        rim=(-0.05, 0.08),
        twins=(0.0, 0.1),
        twin_tone=(-0.05, 0.05),
        noise=(0.015, 0.04),
    ),
    "sem-two-phase": Preset(
        pixel_um=(0.02, 0.2),
        grain=(35.0, 100.0),
        matrix=(0.4, 0.6),
        tone=(0.01, 0.04),
        groove=(0.1, 0.35),
        groove_width=(0.7, 1.8),
        step=(0.0, 1.0),
        weak=(0.1, 0.35),
        particles=(0.02, 0.25),
        strings=(0.0, 0.3),
        chains=(0.0, 0.5),
        round=(0.0, 1.0),
        particle=(2.5, 10.0),
        particle_tone=(0.15, 0.35),
        rim=(-0.1, 0.18),
        core=(-0.08, 0.15),
        scratches=(0.0, 3.0),
        stains=(0.0, 1.0),
        blur=(0.6, 1.4),
        noise=(0.015, 0.04),
        light=(0.0, 0.06),
        either_sign=("groove", "particle_tone"),
    ),
    "twinned": Preset(
        pixel_um=(0.3, 1.2),
        grain=(25.0, 90.0),
        matrix=(0.5, 0.7),
        tone=(0.05, 0.15),
        groove=(0.1, 0.5),
        twins=(0.2, 0.8),
        twin_tone=(-0.25, 0.25),
        texture=(0.01, 0.03),
        pits=(0.0, 0.6),
        scratches=(0.0, 8.0),
        particle_tone=(-0.6, -0.4),
    ),
    "tinted": Preset(
        pixel_um=(0.3, 1.2),
        grain=(25.0, 90.0),
        matrix=(0.6, 0.8),
        tone=(0.02, 0.08),
        groove=(0.1, 0.5),
        weak=(0.1, 0.3),
        twins=(0.1, 0.6),
        twin_tone=(-0.2, 0.2),
        texture=(0.01, 0.03),
        pits=(0.0, 0.6),
        scratches=(0.0, 6.0),
        colours=((0.87, 0.95, 0.48), (0.70, 0.55, 0.33), (0.80, 0.73, 0.42), (0.60, 0.42, 0.27)),
    ),
}
"""The presets by name."""

LEARNT = tuple(name for name in PRESETS if name != "tinted")
"""Looks that networks are trained on, unless the user says otherwise; the other is kept unseen."""


def preset_of(name: str) -> Preset:
    """Preset of that name.

    Raises
    ------
    SlipfieldError
        If there is none.
    """
    if name not in PRESETS:
        raise SlipfieldError(f"preset: given {name!r}; expected one of {', '.join(PRESETS)}")
    return PRESETS[name]


class Draw:
    """One value from every range of a preset, as attributes of the ranges' names.

    ``random`` is the generator for everything else that is drawn, ``colours`` the palette.
    """

    def __init__(self, preset: Preset, random: np.random.Generator) -> None:
        self.random, self.colours = random, preset.colours
        self._values = {
            field.name: float(random.uniform(*getattr(preset, field.name)))
            for field in fields(preset)
            if field.name not in ("colours", "either_sign")
        }
        for name in preset.either_sign:
            self._values[name] *= random.choice((-1.0, 1.0))

    def __getattr__(self, name: str) -> float:
        """Value that was drawn from the range of that name."""
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None
