"""Jobs of a real Slurm that outlive their run, at work or in the queue."""

import json
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
import xarray as xr

from tests.slurm.cluster import NODES
from tests.slurm.runs import PATIENCE_S, SlurmRun, command, queue

pytestmark = pytest.mark.slow

SMALL = (
    "specimen={cells_x: 56, cells_y: 56, grains: 20, microstructures: 2}",
    *("sampling={samples: 16}", "execution={samples_per_job: 4}"),
)
STUDIES = {"the same study": SMALL, "a changed study": (*SMALL, "material={h0_MPa: 150}")}
COSTS = ("cpu_seconds", "peak_memory_mb")


@pytest.fixture(scope="module", params=STUDIES)
def changes(request):
    """Changes of the study of the second run."""
    return STUDIES[request.param]


@pytest.fixture(scope="module")
def undisturbed(cluster, changes, tmp_path_factory):
    """Shards and hash of the data of the second run's study, made on this machine as it is."""
    folder = tmp_path_factory.mktemp("undisturbed")
    done = subprocess.run(
        command("workstation", "gather", "--cores", "2", "--config", *changes),
        **{"cwd": folder, "capture_output": True, "text": True, "timeout": PATIENCE_S},
    )
    assert done.returncode == 0, done.stderr
    return content(folder / "results" / "spread")


def content(results):
    """What each shard holds and no clock measured, and the physics that the dataset names."""
    found = {}
    for path in sorted((results / "shards").glob("*.nc")):
        with xr.open_dataset(path, decode_times=False) as data:
            found[path.name] = data.load().drop_vars(COSTS)
    manifest = json.loads((results / "dataset" / "manifest.json").read_text())
    return found, (manifest["samples"], manifest["physics_hash"])


def assert_same(ours, theirs):
    assert ours[1] == theirs[1]
    assert ours[0].keys() == theirs[0].keys() and len(ours[0]) == 4
    for name, shard in ours[0].items():
        xr.testing.assert_identical(shard, theirs[0][name])


@contextmanager
def one_node(cluster):
    """Keep all nodes but the first from starting jobs while the block runs."""
    for node in NODES[1:]:
        cluster.ask(
            "scontrol", "update", f"NodeName={node}", "State=DRAIN", "Reason=kept for later"
        )
    try:
        yield
    finally:
        for node in NODES[1:]:
            cluster.ask("scontrol", "update", f"NodeName={node}", "State=RESUME")


def struck(cluster, folder):
    """Start a run and kill Snakemake while jobs simulate and wait.

    Gives both lists of jobs; those that simulate stand still until they are sent ``SIGCONT``.
    """
    earlier = {job.id for job in queue(cluster)}

    def batches(state):
        return [j for j in queue(cluster) if j.batch and j.state == state and j.id not in earlier]

    with SlurmRun(cluster, folder, "gather", "--config", *SMALL) as run:
        run.wait_for(lambda: any(run.finished(job.batch) for job in batches("RUNNING")))
        found = batches("RUNNING"), batches("PENDING")
        cluster.signal_jobs(NODES[0], signal.SIGSTOP)
        run.kill()
    assert all(found)
    return found


def wait_for_orphans(cluster):
    """Wait until no job of the cluster is at work or in the queue."""
    limit = time.monotonic() + PATIENCE_S
    while {job.state for job in queue(cluster)} & {"PENDING", "RUNNING", "COMPLETING"}:
        assert time.monotonic() < limit
        time.sleep(0.2)


def test_jobs_that_outlive_their_run_change_nothing_of_the_next(
    cluster, changes, undisturbed, tmp_path
):
    """The next run begins at once: orphans write no more, those in the queue start to no effect."""
    place = tmp_path / "results" / "spread" / ".running"
    with one_node(cluster):
        at_work, waiting = struck(cluster, tmp_path)
        word = place.read_text()
        again = SlurmRun(cluster, tmp_path, "gather", "--config", *changes)
        again.wait_for(lambda: place.read_text() not in ("", word))
        cluster.signal_jobs(NODES[0], signal.SIGCONT)
    with again:
        again.end()
    wait_for_orphans(cluster)
    states = {job.id: job.state for job in queue(cluster)}
    assert {states[job.id] for job in at_work + waiting} == {"FAILED"}
    assert_same(content(again.results), undisturbed)
    assert list(again.results.rglob("*.part")) == []


def test_jobs_that_end_before_the_next_run_leave_the_results_of_their_study(
    cluster, changes, undisturbed, tmp_path
):
    """What orphans finish while nobody holds the study is kept, and used if it is that one."""
    with one_node(cluster):
        at_work, waiting = struck(cluster, tmp_path)
        cluster.signal_jobs(NODES[0], signal.SIGCONT)
    wait_for_orphans(cluster)
    states = {job.id: job.state for job in queue(cluster)}
    assert {states[job.id] for job in at_work + waiting} == {"COMPLETED"}
    with SlurmRun(cluster, tmp_path, "gather", "--config", *changes) as again:
        output = again.end()
    assert output.count(": Simulate m0") == (0 if changes is SMALL else 4)
    assert_same(content(again.results), undisturbed)
