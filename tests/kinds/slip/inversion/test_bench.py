"""The bench of inversions, on the closed formula that is started as a command."""

import csv
import json

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.bench.inversion import Plan, bench_inversion
from slipfield.kinds.slip.study import Noise

pytestmark = pytest.mark.slow

PLAN = Plan(2, [Noise(strain_std=2e-4, load_relative_std=2e-3)], solves=8)


@pytest.fixture(scope="module")
def bench(projection, network, tmp_path_factory):
    """Folder of a bench and its summary."""
    folder = tmp_path_factory.mktemp("bench")
    return folder, bench_inversion(projection, folder, PLAN, network)


def test_refinement_reaches_the_truth_from_both_starts(bench):
    folder, rows = bench
    refined = [row for row in rows if row["estimate"].startswith("refined")]
    assert [(row["specimens"], row["converged"]) for row in refined] == [(2, 2), (2, 2)]
    ends = np.array([[row[f"k{i}_median_percent"] for i in (1, 2, 3)] for row in refined])
    assert ends.max() < 6
    np.testing.assert_allclose(*ends, atol=0.05)
    assert all(row["most_runs"] <= 9 for row in refined)
    with open(folder / "summary.csv", newline="", encoding="utf-8") as handle:
        written = list(csv.DictReader(handle))
    assert [row["estimate"] for row in written] == [row["estimate"] for row in rows]
    assert (folder / "refinement.png").stat().st_size > 10_000


def test_seconds_count_the_runs(bench):
    seconds = json.loads((bench[0] / "seconds.json").read_text())
    assert 0 < seconds["forward_run"] < seconds["projection"]
    assert seconds["projection"] < seconds["refined_from_the_projection"]
    assert seconds["network_wall"] > 0


def test_a_stopped_bench_goes_on_where_it_was(bench, projection, network):
    folder, rows = bench
    first, last = sorted((folder / "cases").iterdir())
    kept, lost = first.stat().st_mtime_ns, json.loads(last.read_text())
    last.unlink()
    again = bench_inversion(projection, folder, PLAN, network)
    assert first.stat().st_mtime_ns == kept
    errors = [
        [row["refined"]["error"] for row in case] for case in (lost, json.loads(last.read_text()))
    ]
    np.testing.assert_array_equal(*errors)
    assert [row["k1_median_percent"] for row in again] == [row["k1_median_percent"] for row in rows]


def test_a_folder_of_another_bench_is_refused(bench, projection):
    with pytest.raises(SlipfieldError, match="holds another bench"):
        bench_inversion(projection, bench[0], Plan(2, PLAN.noises, cells=12))


def test_a_network_cannot_be_refined_from(network, tmp_path):
    with pytest.raises(SlipfieldError, match="needs a projection inverter"):
        bench_inversion(network, tmp_path, PLAN)
