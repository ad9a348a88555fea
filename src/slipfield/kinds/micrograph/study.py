"""Study file of micrographs: methods and networks compared on rendered ones."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from slipfield.core.kind import load_study_as
from slipfield.core.section import Section, Whole
from slipfield.core.study import BaseStudy
from slipfield.kinds.micrograph.defaults import KEEP
from slipfield.kinds.micrograph.presets import LEARNT, PRESETS


def _of(value: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in value if name not in known]:
        raise ValueError(f"given {', '.join(unknown)}; expected of {', '.join(known)}")
    return value


class ImageSettings(Section):
    """Rendered micrographs on which methods are scored; none of them is trained on."""

    presets: tuple[str, ...] = Field(tuple(PRESETS), min_length=1, description="Looks.")
    number: Whole = Field(4, ge=1, description="Images of each look, 1.")
    side_px: Whole = Field(384, ge=192, le=4096, description="Side of an image, px.")
    keep: float = Field(KEEP, ge=0, le=1, description="Least probability of a line, 1.")

    _known = field_validator("presets")(lambda value: _of(value, tuple(PRESETS)))


class NetworkSettings(Section):
    """Networks that are trained for the comparison."""

    variants: tuple[str, ...] = Field((), description="Networks trained and compared.")
    presets: tuple[str, ...] = Field(LEARNT, min_length=1, description="Looks trained on.")
    images: Whole = Field(48, ge=1, description="Rendered images to train on, 1.")
    steps: Whole = Field(120, ge=1, description="Steps of each training, 1.")
    seed: Whole = Field(0, ge=0, description="Of weights and pieces, 1.")

    _known = field_validator("presets")(lambda value: _of(value, tuple(PRESETS)))


class BoundarySettings(NetworkSettings):
    """Networks of grain boundaries."""

    NAMES: ClassVar[tuple[str, ...]] = (
        "default",
        "plain",
        "two-stages",
        "four-stages",
        "no-context",
        "no-attention",
        "published",
    )
    variants: tuple[str, ...] = Field(NAMES[:-1], description="Networks trained and compared.")

    _variants = field_validator("variants")(lambda value: _of(value, BoundarySettings.NAMES))


class PhaseSettings(NetworkSettings):
    """Networks of second phase."""

    NAMES: ClassVar[tuple[str, ...]] = ("default", "three-levels", "published")
    variants: tuple[str, ...] = Field(NAMES[:-1], description="Networks trained and compared.")

    _variants = field_validator("variants")(lambda value: _of(value, PhaseSettings.NAMES))


class MicrographStudy(BaseStudy):
    """Methods that find grain boundaries and second phase, compared on rendered micrographs."""

    PHYSICS: ClassVar[tuple[str, ...]] = ("images",)

    kind: Literal["micrograph"] = Field(description="Kind of study.")
    images: ImageSettings = Field(default_factory=ImageSettings)
    boundaries: BoundarySettings = Field(default_factory=BoundarySettings)
    phases: PhaseSettings = Field(default_factory=PhaseSettings)

    def networks(self, task: str) -> NetworkSettings:
        """Section of the networks that find ``task``."""
        return self.boundaries if task == "boundaries" else self.phases


def load_micrograph_study(path: Path) -> MicrographStudy:
    """Read and check a study file.

    Raises
    ------
    SlipfieldError
        If it is of another kind or not in order.
    """
    return load_study_as(MicrographStudy, path)
