"""Designs side by side: their grains and their strain at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.specimen_design.evaluation import Sheet, pull
from slipfield.kinds.slip.specimen_design.information import localisation
from slipfield.kinds.slip.specimen_design.variables import designed
from slipfield.kinds.slip.study import Study
from slipfield.report.style import FIELD_MAP, plain, use_style

SEED = 900_000
"""Added to the seed of grain maps of the pictures."""

WIDEST = 2.5
"""Local over mean strain at which the colours end."""


@dataclass(frozen=True)
class Pulled:
    """One design: nodes (y, x) mm, grain size D at them, mm, axial strain at the end, load, N."""

    x: np.ndarray
    y: np.ndarray
    size: np.ndarray
    strain: np.ndarray
    load: float


def pulled_afresh(study: Study, values: Mapping[str, float]) -> Pulled:
    """Simulate a fresh sheet of a design at the centre of the sampling box.

    Raises
    ------
    SlipfieldError
        If the design is refused or the run fails.
    """
    design = designed(study, values, SEED)
    one = design.specimen.model_copy(update={"microstructures": 1})
    sheet = Sheet.made(design.model_copy(update={"specimen": one}))
    (grains,) = sheet.maps
    with tempfile.TemporaryDirectory(prefix="slipfield-maps-") as folder:
        (runs,) = pull([sheet], Path(folder))
    if isinstance(runs, SlipfieldError):
        raise runs
    run = runs[0]
    size = grains["size"].values[grains["grain_id"].values]
    x, y = grains["x_mm"].values, grains["y_mm"].values
    return Pulled(x, y, size, run.strain[-1, 1], float(run.load[-1]))


def figure_designs(pulled: Mapping[str, Pulled]) -> Figure:
    """Grain size above, local over mean axial strain below; a column for each design."""
    use_style()
    figure = Figure(figsize=(2.6 * len(pulled) + 1.0, 5.2), layout="constrained")
    panels = figure.subplots(2, len(pulled), squeeze=False)
    sizes = np.concatenate([each.size.ravel() for each in pulled.values()])
    for (above, below), (name, each) in zip(panels.T, pulled.items(), strict=True):
        drawn = above.pcolormesh(
            each.x, each.y, each.size, cmap="cividis", vmin=sizes.min(), vmax=sizes.max()
        )
        local = each.strain / each.strain.mean()
        field = below.pcolormesh(
            each.x, each.y, local, cmap=FIELD_MAP, vmin=0, vmax=WIDEST, shading="gouraud"
        )
        above.set_title(plain(name))
        below.set_title(f"{each.load:.4g} N, localisation {localisation(each.strain):.3g}")
        for axes in (above, below):
            axes.set_aspect("equal")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
    figure.colorbar(drawn, ax=list(panels[0]), label="grain size D (mm)")
    figure.colorbar(field, ax=list(panels[1]), label="axial strain over its mean")
    return figure
