"""Estimates of whole studies, against sums written out by hand."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.cnn_lstm.settings import settings_of
from slipfield.kinds.slip.planning import plan
from slipfield.kinds.slip.planning.estimate import Cost, estimate, job_cost, print_estimate
from slipfield.kinds.slip.planning.unit_costs import (
    GPU_GFLOP_PER_S,
    REFERENCE_FILE,
    Learning,
    Simulation,
    UnitCosts,
    read_unit_costs,
    unit_costs,
)
from slipfield.kinds.slip.study import load_study

CONFIG = Path(__file__).parents[4] / "config"
UNITS = UnitCosts(
    Simulation(
        cells=40_000,
        small_cells=2_500,
        outputs=20,
        sample_cpu_s=8.0,
        small_sample_cpu_s=0.5,
        memory_mb=500.0,
        small_memory_mb=200.0,
        start_cpu_s=3.0,
        sample_mb=5.0,
        reference_cpu_s=20.0,
        reference_memory_mb=700.0,
        reference_mb=30.0,
    ),
    Learning(
        nodes=201 * 201,
        small_nodes=51 * 51,
        frames=20,
        gather_cpu_s=0.05,
        epoch_cpu_s=0.4,
        small_epoch_cpu_s=0.04,
        epoch_gflop=25.0,
        small_epoch_gflop=1.8,
        memory_mb=4000.0,
        fields_mb=80.0,
        batch_size=8,
    ),
    {"command": "by hand", "machine": {"processor": "none", "date": "2026-01-01"}},
)


@pytest.fixture(scope="module")
def paper():
    return load_study(CONFIG / "paper.yaml")


def test_cost_of_a_visit_is_a_power_of_the_image_and_in_proportion_to_frames():
    learning = replace(UNITS.learning, nodes=40_000, small_nodes=2_500)
    assert learning.visit(40_000, 20) == pytest.approx((0.4, 25.0))
    assert learning.visit(2_500, 10) == pytest.approx((0.02, 0.9))
    tenfold = replace(learning, small_epoch_cpu_s=0.4 / 4)  # the square root of 16
    assert tenfold.visit(400, 20)[0] == pytest.approx(0.4 / 10)


def test_power_law_and_line_go_through_both_meshes():
    simulation = UNITS.simulation
    assert simulation.cpu_s(40_000) == pytest.approx(8.0)
    assert simulation.cpu_s(2_500) == pytest.approx(0.5)
    assert simulation.cpu_s(10_000) == pytest.approx(2.0), "16 times the work for 16 times the mesh"
    assert simulation.peak_mb(40_000) == 500
    assert simulation.peak_mb(2_500) == 200


def test_the_network_may_have_fewer_folds_than_the_other_inverters(paper):
    crossval = paper.crossval.model_copy(update={"network_repeats": 2})
    study = paper.model_copy(update={"crossval": crossval})
    last = {name: plan.fold_batches(study, name)[-1] for name in ("cnn_lstm", "projection")}
    assert last == {"cnn_lstm": "0010-0019", "projection": "0190-0199"}


def test_paper_costs_what_its_parts_cost(paper):
    batches = [("simulate", {"batch": batch.name}) for batch in plan.batches(paper)]
    folds = [name.split("-") for name in plan.fold_batches(paper, "cnn_lstm")]
    trainings = [
        ("crossval", {"model": "cnn_lstm", "first": first, "last": last}) for first, last in folds
    ]
    settings = [("sweep", {"setting": name}) for name in settings_of(paper, "learning_rate")]
    jobs = [*batches, ("train", {"model": "cnn_lstm"}), *trainings, *settings, ("figure", {})]
    jobs += [("learning_curves", {})]
    costs = estimate(paper, UNITS, jobs)
    simulate = costs["simulate"]
    assert simulate.jobs == 440
    assert simulate.cpu_s == pytest.approx(440 * 3.0 + 22_000 * 8.0)
    assert simulate.disk_mb == pytest.approx(22_000 * 5.0)
    visits = 22_000 * 100
    assert costs["train"].training_gflop == pytest.approx(visits * 25.0)
    assert costs["train"].disk_mb == pytest.approx(22_000 * 20 * 3 * 201 * 201 * 2 / 1e6)
    assert costs["crossval"].training_cpu_s == pytest.approx(0.9 * 200 * visits * 0.4)
    assert costs["sweep"].jobs == 4
    assert costs["sweep"].training_cpu_s == pytest.approx(4 * visits * 0.4)
    assert costs["sweep"].training_gflop == pytest.approx(4 * visits * 25.0)
    visited = 100 + 250 + 500 + 1000 + 2000
    assert costs["learning_curves"].training_cpu_s == pytest.approx(100 * visited * 0.4)
    assert costs["total"].jobs == len(jobs)
    total = sum(cost.cpu_s for rule, cost in costs.items() if rule != "total")
    assert costs["total"].cpu_s == pytest.approx(total)
    hours = visits * 25.0 / GPU_GFLOP_PER_S / 3600
    assert costs["train"].gpu_hours == pytest.approx(hours)


def test_smaller_mesh_and_projection_cost_less(paper):
    demo = load_study(CONFIG / "demo.yaml")
    batch = {"batch": "m00000_r000000-000009"}
    small, large = (job_cost(study, UNITS, "simulate", batch) for study in (demo, paper))
    assert small.cpu_s < large.cpu_s
    assert small.disk_mb / large.disk_mb == pytest.approx(48**2 / 200**2)
    projection = job_cost(demo, UNITS, "train", {"model": "projection"})
    assert projection.training_gflop == 0


def test_reference_runs_cost_what_their_maps_cost():
    demo = load_study(CONFIG / "demo.yaml")
    ten, six = (job_cost(demo, UNITS, "reference", job) for job in ({"tens": "0000"}, {}))
    share = demo.specimen.cells_x * demo.specimen.cells_y / UNITS.simulation.cells
    assert ten.cpu_s < 10 * UNITS.simulation.reference_cpu_s
    assert six.cpu_s == pytest.approx(0.6 * ten.cpu_s)
    assert ten.disk_mb == pytest.approx(10 * share * UNITS.simulation.reference_mb)


def test_table_names_every_rule_and_the_total(paper, capsys):
    costs = {"simulate": Cost(440, 3600.0), "total": Cost(441, 7200.0, 14400.0)}
    print_estimate(paper, UNITS, costs, side_by_side=2)
    printed = " ".join(capsys.readouterr().err.split())
    assert "simulate" in printed
    assert "With 2 jobs side by side: about 3 hours of wall time, 2 of them to train" in printed
    assert "On Slurm: 441 jobs, 2 core-hours" in printed
    assert "not measured" in printed


def test_requests_cover_what_was_measured(paper):
    """The committed unit costs: requests of the paper's jobs are above them, and within reason."""
    units = unit_costs()
    assert plan.simulation_memory_mb(paper) > units.simulation.memory_mb
    assert plan.reference_memory_mb(paper) > units.simulation.reference_memory_mb
    seconds = units.simulation.start_cpu_s + 50 * units.simulation.sample_cpu_s
    assert 60 * plan.simulation_minutes(paper, 50) > 2 * seconds
    assert plan.learning_memory_mb(paper) > units.learning.memory_mb
    assert plan.learning_memory_mb(paper) < 20_000
    assert plan.training_minutes(paper) == plan.LONGEST_JOB_MINUTES


def test_training_request_follows_the_device(paper):
    changed = paper.learning.model_copy(update={"device": "cuda"})
    on_gpu = paper.model_copy(update={"learning": changed})
    visits = 22_000 * 100
    gflop = unit_costs().learning.visit(201 * 201, 20)[1] * visits
    expected = plan.START_MINUTES + plan.SAFETY * gflop / GPU_GFLOP_PER_S / 60
    assert plan.training_minutes(on_gpu) == math.ceil(expected)


def test_broken_unit_costs_are_one_line(tmp_path):
    broken = tmp_path / "unit-costs.json"
    content = json.loads(REFERENCE_FILE.read_text())
    del content["simulation"]["cells"]
    broken.write_text(json.dumps(content))
    for path in (broken, tmp_path / "missing.json"):
        with pytest.raises(SlipfieldError, match="no readable unit costs .*run `make slice`"):
            read_unit_costs(path)
