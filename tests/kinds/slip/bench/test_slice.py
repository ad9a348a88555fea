"""A real slice of a miniature study: its unit costs against what the same verbs say elsewhere."""

import sys

import numpy as np
import pytest
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.bench.slice import SAMPLES, _gflop, measured, run_slice
from slipfield.kinds.slip.planning.unit_costs import read_unit_costs
from slipfield.kinds.slip.study import check_study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study():
    content = {
        "name": "slice",
        "specimen": {"cells_x": 64, "cells_y": 64, "grains": 12},
        "loading": {"outputs": 3},
        "learning": {"convolution_blocks": 2, "batch_size": 8},
    }
    return check_study(content, "slice")


def test_slice_runs_from_grain_map_to_training(study, tmp_path):
    lines = []
    run_slice(study, tmp_path / "slice", tmp_path / "unit-costs.json", lines.append)
    units = read_unit_costs(tmp_path / "unit-costs.json")
    assert [line.split()[0] for line in lines].count("train") == 4
    with xr.open_dataset(tmp_path / "slice/large/shards/m00000_r000000-000007.nc") as shard:
        assert (shard["status"] == 0).all()
        assert shard.sizes["sample"] == SAMPLES
        solved, peak = float(shard["cpu_seconds"].mean()), float(shard["peak_memory_mb"].max())
    simulation, learning = units.simulation, units.learning
    assert (simulation.cells, simulation.small_cells) == (64 * 64, 16 * 16)
    assert simulation.sample_cpu_s > 0.5 * solved
    assert simulation.memory_mb == pytest.approx(peak, rel=0.1)
    assert simulation.start_cpu_s > 0
    assert learning.nodes == 65 * 65
    assert learning.small_nodes == 17 * 17
    assert learning.epoch_gflop > learning.small_epoch_gflop > 0
    assert learning.small_epoch_cpu_s > 0
    assert learning.memory_mb > 200
    assert learning.batch_size == SAMPLES - 2, "one sample picks the best epoch, one tests"


def test_memory_of_a_command_is_not_that_of_the_process_that_starts_it():
    large = np.ones(60_000_000)
    used = measured([sys.executable, "-c", "sum(i * i for i in range(10**6))"], "test")
    assert large.nbytes / 1e6 > 10 * used.memory_mb
    assert 0.01 < used.cpu_s < 10


def test_a_command_that_fails_says_why():
    with pytest.raises(SlipfieldError, match="^slice: train failed: no such dataset$"):
        measured([sys.executable, "-c", "import sys; sys.exit('no such dataset')"], "slice: train")


def test_operations_of_a_step_are_those_of_its_convolutions(study):
    """Three passes (forwards, to inputs, to weights) of each convolution, counted by hand."""
    image, frames = (32, 32), 3
    first, second = 32 * 32 * 25 * 3 * 16, 16 * 16 * 9 * 16 * 32
    passes = 2 * first + 3 * second  # the images themselves need no gradient
    expected = 2 * passes * (frames + 1) / 1e9
    assert _gflop(study, frames, image) == pytest.approx(expected, rel=0.1)
    assert np.isfinite(expected)
