"""Figure of the design of experiments."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.figure import Figure

from slipfield.kinds.slip.design import Samples, minimum_distance, to_unit_cube
from slipfield.kinds.slip.figures.labels import parameter_label
from slipfield.kinds.slip.study import PARAMETERS, Study
from slipfield.report.style import BLUE, use_style


def figure_design(table: Samples, study: Study) -> Figure:
    """Pair plots of k1, k2, k3 with the smallest distance of two samples in the unit cube."""
    use_style()
    figure = Figure(figsize=(7.2, 2.6), layout="constrained")
    count = len(table.number)
    size = float(np.clip(1500 / count, 0.15, 12))
    for axes, (i, j) in zip(figure.subplots(1, 3), combinations(range(3), 2), strict=True):
        axes.scatter(*table.parameters[:, [i, j]].T, s=size, color=BLUE, linewidths=0)
        axes.set_box_aspect(1)
        for direction, k in (("x", i), ("y", j)):
            low, high = study.sampling.box[k]
            margin = 0.03 * (high - low)
            axes.set(
                **{
                    f"{direction}label": parameter_label(PARAMETERS[k]),
                    f"{direction}lim": (low - margin, high + margin),
                }
            )
    smallest = minimum_distance(to_unit_cube(table, study))
    figure.suptitle(
        f"{count:,} samples; smallest distance in the unit cube {smallest:.4f} "
        f"= {smallest * count ** (1 / 3):.2f} $n^{{-1/3}}$",
        fontsize=9.5,
    )
    return figure
