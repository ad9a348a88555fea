"""Pictures of a search, by where their texts lie."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from slipfield.core.kind import check_any_study
from slipfield.kinds.search.figures import POINTS, figure_slices

RANGES = {
    "narrow_mm": {"low": 0.1, "high": 0.4, "scale": "log"},
    "temperature_C": {"low": 600, "high": 900, "scale": "log"},
    "time_min": {"low": 5, "high": 240, "scale": "log"},
    "rate": {"low": 1e-6, "high": 1, "scale": "log"},
    "grains": {"low": 10, "high": 160, "scale": "log", "values": "whole"},
    "columnar": {"low": 0, "high": 1, "values": "whole"},
    "stiffness_MPa": {"low": 70_000, "high": 210_000},
}


@pytest.fixture(scope="module")
def drawn():
    """Bottom panels of the models along variables of many ranges, drawn."""
    content = {
        "name": "ranges",
        "kind": "search",
        "variables": [{"name": name, **settings} for name, settings in RANGES.items()],
        "objectives": [{"name": "f", "goal": "minimise"}],
    }
    study = check_any_study(content, "test")[0]
    ends = pd.DataFrame({name: [each["low"], each["high"]] for name, each in RANGES.items()})
    told = ends.assign(trial=[0, 1], f=[1.0, 2.0], status="ok")
    mean = np.ones((len(RANGES), POINTS, 1))
    figure = figure_slices(study, told, told.iloc[0], mean, mean, mean[..., 0])
    FigureCanvasAgg(figure).draw()
    return dict(zip(RANGES, figure.axes[-len(RANGES) :], strict=True))


def shown(axes):
    """Boxes of the texts at the ticks within the axes, by their left end."""
    low, high = axes.get_xlim()
    every = [*axes.xaxis.get_major_ticks(), *axes.xaxis.get_minor_ticks()]
    texts = [t.label1 for t in every if low <= t.get_loc() <= high and t.label1.get_text()]
    return sorted((text.get_window_extent() for text in texts), key=lambda box: box.x0)


@pytest.mark.parametrize("name", RANGES)
def test_texts_at_ticks_stand_apart(drawn, name):
    boxes = shown(drawn[name])
    assert len(boxes) >= 2
    assert all(right.x0 - left.x1 > 2 for left, right in pairwise(boxes))


def test_whole_variables_have_whole_ticks(drawn):
    low, high = drawn["columnar"].get_xlim()
    assert [at for at in drawn["columnar"].get_xticks() if low <= at <= high] == [0, 1]


def test_a_model_of_logarithms_is_drawn_as_values():
    content = {
        "name": "logarithms",
        "kind": "search",
        "variables": [{"name": "x", "low": 0, "high": 1}],
        "objectives": [{"name": "f", "goal": "minimise", "scale": "log"}],
    }
    study = check_any_study(content, "test")[0]
    told = pd.DataFrame({"x": [0.0, 1.0], "f": [10.0, 1000.0], "trial": [0, 1], "status": "ok"})
    mean = np.full((1, POINTS, 1), np.log(100.0))
    deviation = np.full_like(mean, np.log(10.0) / 2)
    axes = figure_slices(study, told, told.iloc[0], mean, deviation, mean[..., 0]).axes[0]
    assert axes.get_yscale() == "log"
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 100.0)
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([band.min(), band.max()], [10.0, 1000.0])
