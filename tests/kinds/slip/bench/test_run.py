"""A whole bench run on tiny sizes, through the launcher and in both environments."""

import json

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.bench.report import PHASES
from slipfield.kinds.slip.bench.run import PARTS, Plan, run_bench

pytestmark = pytest.mark.slow

TINY = Plan(
    meshes=(8,),
    variants=8,
    grains=12,
    repeats=1,
    nodes=17,
    training_samples=8,
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    output = tmp_path_factory.mktemp("bench") / "bench.json"
    returned = run_bench(TINY, output, only=["solver", "learning"])
    written = json.loads(output.read_text())
    assert written["summary"] == returned["summary"]
    return written


def test_phases_add_up_to_the_sample(results):
    (sample,) = results["solver"]["samples"]
    assert (sample["cells"], sample["ranks"]) == (8, 1)
    assert sample["phases"].keys() == PHASES.keys()
    assert all(seconds > 0 for seconds in sample["phases"].values())
    assert sum(sample["phases"].values()) == pytest.approx(sample["cpu_seconds"])
    assert sample["evaluations"] > sample["steps"] >= 20
    assert 0 < sample["factorisations"] <= sample["steps"]
    start, end = sample["interval"]
    assert end - start >= sample["wall_seconds"]


def test_older_factors_are_fewer_and_change_little(results):
    ages = results["solver"]["variants"]["factor_age"]
    counts = [ages[age]["factorisations"] for age in ("1", "2", "3")]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[2]
    assert ages["1"]["strain_change"] == 0
    assert 0 < ages["2"]["strain_change"] < 1e-3


def test_learning_has_all_rates(results):
    rates = results["learning"]["samples_per_cpu_second"]
    assert rates.keys() == {
        *("training", "training_bfloat16", "plain_loop"),
        *("loader_memory", "loader_mapped"),
    }
    assert all(rate > 0 for rate in rates.values())


def test_machine_plan_and_chosen_parts_are_recorded(results):
    assert results["machine"]["cores"] >= 1
    assert results["plan"]["meshes"] == [8]
    assert set(results) & set(PARTS) == {"solver", "learning"}


def test_unknown_part_names_the_known_ones(tmp_path):
    with pytest.raises(SlipfieldError, match="'speed'.*solver.*learning"):
        run_bench(TINY, tmp_path / "bench.json", only=["speed"])
    assert list(tmp_path.iterdir()) == []
