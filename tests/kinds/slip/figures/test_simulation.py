"""Figures of simulations show the numbers that the files hold."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, QuadMesh

from slipfield.kinds.slip.figures.simulation import (
    MOST_CURVES,
    figure_loads,
    figure_runtime,
    figure_strain,
)
from slipfield.kinds.slip.study import PARAMETERS
from tests.shards import make_microstructure, make_shard, tiny_study


@pytest.fixture(scope="module")
def study():
    return tiny_study()


@pytest.fixture(scope="module")
def grains(study):
    return make_microstructure(study, 0)


def shard_of(study, grains, count):
    low, high = np.array(study.sampling.box).T
    parameters = low + (high - low) * np.random.default_rng(3).random((count, 3))
    return make_shard(study, grains, np.arange(10, 10 + count), parameters)


def meshes(figure):
    return [c for axis in figure.axes for c in axis.collections if isinstance(c, QuadMesh)]


def curves_of(figure):
    return [c for axis in figure.axes for c in axis.collections if isinstance(c, LineCollection)]


def test_strain_pictures_are_the_fields_in_percent_at_equally_spaced_outputs(study, grains):
    shard = shard_of(study, grains, 3)
    figure = figure_strain(shard, grains, sample=11, frames=2)
    pictures = [
        m for m in meshes(figure) if m.get_array().size == shard["x"].size * shard["y"].size
    ]
    assert len(pictures) == 6
    for index, mesh in enumerate(pictures):
        component, frame = divmod(index, 2)
        expected = 100 * shard["strain"].values[1, (1, 3)[frame], component]
        np.testing.assert_allclose(np.ravel(mesh.get_array()), expected.ravel())
    shear = pictures[-1]
    low, high = shear.get_clim()
    assert low == -high


def test_curves_start_at_zero_and_end_at_the_last_load_and_rotation(study, grains):
    shard = shard_of(study, grains, 5)
    figure = figure_loads(shard, study)
    lines = [c for c in curves_of(figure) if len(c.get_segments()) == 5]
    assert len(lines) == 6
    degrees = np.degrees(shard["mean_lattice_rotation"])
    shown = [(values, name) for values in (shard["load"], degrees) for name in PARAMETERS]
    for collection, (values, name) in zip(lines, shown, strict=True):
        np.testing.assert_allclose(collection.get_array(), shard[name])
        for row, segment in enumerate(collection.get_segments()):
            assert tuple(segment[0]) == (0, 0)
            assert segment[-1] == pytest.approx((5.0, float(values[row, -1])))


def test_shards_without_lattice_rotation_show_their_loads(study, grains):
    shard = shard_of(study, grains, 5).drop_vars("mean_lattice_rotation")
    lines = [c for c in curves_of(figure_loads(shard, study)) if len(c.get_segments()) == 5]
    assert len(lines) == 3


def test_many_load_curves_are_thinned_out(study, grains):
    figure = figure_loads(shard_of(study, grains, MOST_CURVES + 50), study)
    counts = [len(c.get_segments()) for c in curves_of(figure)]
    assert counts.count(MOST_CURVES) == 6
    assert max(counts) == MOST_CURVES


def test_stages_are_sorted_by_cost(study, grains):
    stages = pd.DataFrame(
        {"jobs": [1, 4], "wall_seconds": [600.0, 60.0]}, index=["train", "simulate"]
    )
    figure = figure_runtime(shard_of(study, grains, 5), stages)
    bars = figure.axes[1].patches
    assert [bar.get_width() for bar in bars] == pytest.approx([1, 10])
    assert [label.get_text() for label in figure.axes[1].texts] == ["4 jobs", "1 job"]
