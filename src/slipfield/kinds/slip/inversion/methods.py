"""Names of the methods of estimates, one for page, figures and console."""

from __future__ import annotations

from slipfield.kinds.slip.inversion.choice import REFINED
from slipfield.kinds.slip.inversion.solids import SUBSURFACE
from slipfield.kinds.slip.models import MODELS

TITLES = {
    **{name: model.title for name, model in MODELS.items()},
    REFINED: "refinement",
    SUBSURFACE: "subsurface sheets",
}


def method_name(method: str) -> str:
    """Name of a method for a reader; a model without one keeps its own."""
    return TITLES.get(method, method)
