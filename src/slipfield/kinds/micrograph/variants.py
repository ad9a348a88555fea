"""Networks of micrographs by name: those that are used, and what is left of them without a part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph import boundary_network, nested_unet

BOUNDARIES = boundary_network.DEFAULT
PHASES = nested_unet.DEFAULT

VARIANTS: dict[str, dict[str, Any]] = {
    "boundaries": {
        "default": BOUNDARIES,
        "plain": replace(BOUNDARIES, differences=("plain",) * 4),
        "two-stages": replace(BOUNDARIES, stages=2),
        "four-stages": replace(BOUNDARIES, stages=4),
        "no-context": replace(BOUNDARIES, context=False),
        "no-attention": replace(BOUNDARIES, attention=False),
        "published": boundary_network.PUBLISHED,
    },
    "phases": {
        "default": PHASES,
        "three-levels": replace(PHASES, levels=3),
        "published": nested_unet.PUBLISHED,
    },
}
"""Settings by what a network finds, and name."""

TITLES = {
    "default": "small network",
    "plain": "plain convolutions for pixel differences",
    "two-stages": "two stages",
    "four-stages": "four stages",
    "no-context": "without CPCM",
    "no-attention": "without large-kernel attention",
    "three-levels": "three levels",
    "published": "as published",
}
"""Names for readers."""


def settings_of(task: str, name: str) -> Any:
    """Settings of a network.

    Raises
    ------
    SlipfieldError
        If task or name are unknown.
    """
    if task not in VARIANTS:
        raise SlipfieldError(f"--task: given {task!r}; expected {', '.join(VARIANTS)}")
    if name not in VARIANTS[task]:
        raise SlipfieldError(f"--size: given {name!r}; expected {', '.join(VARIANTS[task])}")
    return VARIANTS[task][name]
