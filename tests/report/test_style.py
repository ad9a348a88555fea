"""Logarithmic axes with plain numbers."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from slipfield.report.style import plain_ratios


@pytest.mark.parametrize(("low", "high"), [(135, 141), (31.2, 33.9), (1.8, 15.9), (0.02, 40)])
def test_a_logarithmic_axis_has_a_few_plain_numbers(low, high):
    axes = Figure(figsize=(3, 2)).subplots()
    axes.set_xscale("log")
    axes.plot([low, high], [0, 1])
    plain_ratios(axes.xaxis)
    axes.figure.draw_without_rendering()
    shown = [
        text.get_text()
        for at, text in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        if axes.get_xlim()[0] <= at <= axes.get_xlim()[1]
    ]
    assert 2 <= len(shown) <= 12
    assert np.all(np.diff(list(map(float, shown))) > 0)
    assert all("$" not in text and "e" not in text for text in shown)
    assert not axes.get_xticks(minor=True).size
