"""Baselines: the trend is a lower bound near the series, and NSGA-II stays within its limits."""

import itertools

import numpy as np

from slipfield.kinds.composite.baselines import evolve, mori_tanaka_c22
from slipfield.kinds.composite.paper import BOUNDS, TARGET, published_surface
from slipfield.kinds.composite.series import series_stiffness
from slipfield.kinds.composite.study import check_study


def test_trend_is_a_little_below_the_series_everywhere():
    points = np.array(list(itertools.product(*BOUNDS.T)))[::3]
    exact = np.array([series_stiffness(point, 24)[2] for point in points])
    ratio = mori_tanaka_c22(points) / exact
    assert 0.92 < ratio.min() and ratio.max() < 1.0


def test_evolution_finds_boxes_within_the_limits():
    study = check_study(
        {"name": "a", "kind": "composite", "baselines": {"population": 40, "generations": 40}}, "x"
    )
    front, area, _ = evolve(published_surface(), BOUNDS, TARGET, study, seed=1)
    assert (front[:, 0] <= 2.5).all() and (front[:, 1] <= 0.2).all() and (front[:, 1] > 0).all()
    assert 0.2 < area < 0.3488  # what the exact front of this surface has
