"""Estimates of whole studies, against sums written out by hand."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.cnn_lstm.settings import settings_of
from slipfield.kinds.slip.planning import plan
from slipfield.kinds.slip.planning.estimate import (
    Cost,
    estimate,
    job_cost,
    print_estimate,
    wall_seconds,
)
from slipfield.kinds.slip.planning.unit_costs import (
    GPU_GFLOP_PER_S,
    REFERENCE_FILE,
    Learning,
    Simulation,
    UnitCosts,
    read_unit_costs,
    unit_costs,
)
from slipfield.kinds.slip.study import Solid, load_study

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
        balance_cpu_s=2.0,
        fit_cpu_s=6.0,
        fit_samples=1000,
    ),
    {"command": "by hand", "machine": {"processor": "none", "avx512": True, "date": "2026-01-01"}},
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


@pytest.mark.parametrize(
    ("cells", "layers", "seconds", "memory"), [(32, 5, 1.84, 312), (64, 10, 20.5, 1653)]
)
def test_solids_cost_what_they_were_measured_to(cells, layers, seconds, memory, paper):
    """They were planned as membranes, of which one of 64 x 64 takes 0.17 s and 200 MB."""
    specimen = paper.specimen.model_copy(update={"cells_x": cells, "cells_y": cells})
    flat = paper.model_copy(update={"specimen": specimen})
    solid = flat.model_copy(update={"solid": Solid(layers=layers)})
    real = unit_costs()
    job = {"batch": "m00000_r000000-000009"}
    one = (job_cost(solid, real, "simulate", job).cpu_s - real.simulation.start_cpu_s) / 10
    assert one == pytest.approx(seconds, rel=0.25)
    assert plan.simulation_minutes(solid, 1000) > 1000 * one / 60
    assert plan.simulation_memory_mb(solid) > memory
    assert plan.simulation_memory_mb(solid) > plan.simulation_memory_mb(flat)


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


def test_features_of_the_equilibrium_network_are_made_once_and_fitted_in_each_fold():
    study = load_study(CONFIG / "paper-small.yaml")
    folds = [name.split("-") for name in plan.fold_batches(study, "equilibrium")]
    jobs = [("crossval", {"model": "equilibrium", "first": a, "last": b}) for a, b in folds]
    costs = estimate(study, UNITS, [("train", {"model": "equilibrium"}), *jobs])
    features = 2200 * 2.0 * 100**2 / 40_000
    assert costs["train"].cpu_s == pytest.approx(20.0 + features + 2.2 * 6.0)
    assert costs["crossval"].cpu_s == pytest.approx(20 * 20.0 + 0.9 * 200 * 2.2 * 6.0)
    assert costs["train"].longest_s == pytest.approx(costs["train"].cpu_s)


def test_no_stage_takes_less_than_its_longest_job():
    one = Cost(1, 100.0, 900.0, longest_s=1000.0)
    costs = {
        "simulate": Cost(10, 1000.0, longest_s=100.0),
        "train": one,
        "crossval": Cost(9, 900.0, longest_s=100.0),
        "report": Cost(1, 20.0, longest_s=20.0),
    }
    costs["total"] = sum(costs.values(), Cost())
    assert wall_seconds(costs, 1) == pytest.approx((2920.0, 900.0))
    assert wall_seconds(costs, 2)[0] == pytest.approx(500 + 1000 + 20)
    assert wall_seconds(costs, 200) == pytest.approx((100 + 1000 + 20, 900 * 1000 / 1900))


def test_reference_runs_cost_what_their_maps_cost():
    demo = load_study(CONFIG / "demo.yaml")
    ten, six = (job_cost(demo, UNITS, "reference", job) for job in ({"tens": "0000"}, {}))
    share = demo.specimen.cells_x * demo.specimen.cells_y / UNITS.simulation.cells
    assert ten.cpu_s < 10 * UNITS.simulation.reference_cpu_s
    assert six.cpu_s == pytest.approx(0.6 * ten.cpu_s)
    assert ten.disk_mb == pytest.approx(10 * share * UNITS.simulation.reference_mb)


def test_table_names_every_rule_and_the_total(paper, capsys):
    costs = {"simulate": Cost(440, 7200.0), "train": Cost(1, 0.0, 14400.0)}
    costs["total"] = costs["simulate"] + costs["train"]
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


def test_a_processor_of_another_kind_is_told_that_it_takes_longer_or_shorter():
    assert UNITS.note({"avx2", "avx512f"}) == ""
    assert "three times of these costs" in UNITS.note({"avx2"})
    machine = {"processor": "none", "avx512": False, "date": "2026-01-01"}
    plain = replace(UNITS, measured={"command": "by hand", "machine": machine})
    assert plain.note({"avx2"}) == ""
    assert "a third of these costs" in plain.note({"avx512f"})
    assert plain.source == "by hand, none without AVX-512, 2026-01-01"


def test_broken_unit_costs_are_one_line(tmp_path):
    broken = tmp_path / "unit-costs.json"
    content = json.loads(REFERENCE_FILE.read_text())
    del content["simulation"]["cells"]
    broken.write_text(json.dumps(content))
    for path in (broken, tmp_path / "missing.json"):
        with pytest.raises(SlipfieldError, match="no readable unit costs .*run `make slice`"):
            read_unit_costs(path)
