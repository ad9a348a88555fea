"""Twins among grains: rendered ones, whose grains without twins are known."""

import numpy as np
import pytest
from skimage.measure import label

from slipfield.kinds.micrograph.intercepts import along, mean_intercept
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.twins import join_twins


def size(labels: np.ndarray) -> float:
    return mean_intercept(along(labels))[0]


@pytest.mark.parametrize(
    ("look", "seed", "stays"),
    [("tinted", 1, 0.3), ("tinted", 3, 0.3), ("tinted", 5, 0.3), ("twinned", 1, 0.4)],
)
def test_lamellae_are_joined_and_grains_are_not(look, seed, stays):
    drawn = render(look, seed, (320, 320))
    grains = drawn.labels.astype(np.int64)
    cells = label(2 * grains + drawn.twins, connectivity=1)
    joined, number = join_twins(cells)
    excess = size(grains) / size(cells) - 1, size(grains) / size(joined) - 1
    assert number >= 3 and excess[0] > 0.25
    assert abs(excess[1]) < stays * excess[0]
    again, wrong = join_twins(grains)
    assert wrong == 0 and np.array_equal(again, grains)


def test_a_lamella_that_ends_in_its_grain_is_joined():
    labels = np.ones((60, 60), int)
    labels[:, 40:] = 2
    labels[20:25, :30] = 3
    joined, number = join_twins(labels)
    assert number == 1 and np.array_equal(np.unique(joined), [1, 2])
    assert (joined[:, :40] == 1).all()
