"""A study on a real Slurm whose jobs are cancelled and whose nodes die."""

import json

import numpy as np
import pytest
import xarray as xr

from slipfield.kinds.slip.planning.doctor import slurm
from tests.slurm.runs import SlurmRun

pytestmark = pytest.mark.slow

COSTS = ("cpu_seconds", "peak_memory_mb")
SINGLE = 2e-5
"""Largest difference of samples on one and two ranks: the solver works in single precision."""


def shard(results, batch):
    with xr.open_dataset(results / "shards" / f"{batch}.nc", decode_times=False) as data:
        return data.load()


def test_doctor_names_the_settings_of_a_cluster_without_accounting(cluster):
    finding = slurm()
    assert finding.good
    assert finding.found.startswith("loopback, Slurm ")
    assert "slurm-status-command: squeue" in finding.remedy


def strike(run, cluster):
    """Cancel a job on one node and let the other node die; the two jobs and what they had done."""
    on_node = run.wait_for(lambda: one_each(run.at_work()))
    lost, cancelled = on_node
    had = {job.batch: run.finished(job.batch) for job in on_node}
    cluster.crash_node(lost.node)
    cluster.ask("scancel", cancelled.id)
    cluster.start_node(lost.node)
    return lost, cancelled, had


def one_each(jobs):
    by_node = {job.node: job for job in jobs}
    return list(by_node.values()) if len(by_node) == 2 else []


def test_cancelled_job_and_dead_node_cost_nothing_that_was_finished(cluster, plain, tmp_path):
    with SlurmRun(cluster, tmp_path, "gather") as run:
        lost, cancelled, had = strike(run, cluster)
        output = run.end()
        states = {job.id: job.state for job in run.jobs()}
        assert states[cancelled.id] == "CANCELLED"
        assert f"SLURM-job '{cancelled.id}' failed" in output
        assert states[lost.id] == "COMPLETED"
        assert int(run.facts(lost)["Restarts"]) == 1
    for batch, samples in had.items():
        costs = shard(run.results, batch)["cpu_seconds"].values
        assert samples
        assert {row: costs[row] for row in samples} == samples, "simulated twice"
    shards = sorted(path.stem for path in (plain / "shards").glob("*.nc"))
    assert shards == sorted(path.stem for path in (run.results / "shards").glob("*.nc"))
    assert len(shards) == 4
    for batch in shards:
        ours, theirs = (shard(folder, batch).drop_vars(COSTS) for folder in (run.results, plain))
        xr.testing.assert_identical(ours, theirs)
    manifest = json.loads((run.results / "dataset" / "manifest.json").read_text())
    assert manifest["samples"] == 32
    assert list(run.results.rglob("*.part")) == []
    assert list((run.results / "shards").glob(".*")) == []


def test_sample_on_two_ranks_survives_a_requeue(cluster, plain, tmp_path):
    batch = "m00001_r000016-000023"
    ranks = "execution={samples_per_job: 8, ranks_per_sample: 2}"
    with SlurmRun(cluster, tmp_path, f"results/spread/shards/{batch}.nc", "--config", ranks) as run:
        (job,) = run.wait_for(run.at_work)
        had = run.finished(batch)
        assert run.facts(job)["NumTasks"] == "2"
        cluster.ask("scontrol", "requeue", job.id)
        run.end()
        assert int(run.facts(job)["Restarts"]) == 1
    ours, theirs = shard(run.results, batch), shard(plain, batch)
    assert {row: ours["cpu_seconds"].values[row] for row in had} == had, "simulated twice"
    for name in ("strain", "load"):
        scale = float(np.abs(theirs[name]).max())
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=SINGLE * scale)
    for name in ("sample", "k1", "k2", "k3", "status", "steps"):
        assert np.array_equal(ours[name], theirs[name]), name
