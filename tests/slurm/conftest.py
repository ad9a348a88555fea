"""One Slurm for the tests of this room, and the study as it comes out without one."""

import subprocess

import pytest

from tests.slurm.cluster import Cluster, why_not
from tests.slurm.runs import PATIENCE_S, command


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A running Slurm."""
    reason = why_not()
    if reason:
        pytest.skip(f"no Slurm here: {reason}")
    running = Cluster(tmp_path_factory.mktemp("slurm"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def plain(cluster, tmp_path_factory):
    """Results of the study when it runs on this machine as it is."""
    folder = tmp_path_factory.mktemp("plain")
    done = subprocess.run(
        command("workstation", "gather", "--cores", "2"),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return folder / "results" / "spread"
