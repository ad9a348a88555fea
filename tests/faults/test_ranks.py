"""Ranks of a simulation that die or stand still, one at a time."""

import os
import signal
import subprocess
import time

import psutil
import pytest

from tests.faults.killing import processes_below, run_until, unfinished
from tests.faults.stages import KILLED, content

pytestmark = pytest.mark.slow

NAME = "simulate on two ranks"
STAGE = KILLED[NAME]
PATIENCE_S = 120


class Running:
    """A simulation on two ranks that has finished a sample; ``ranks`` are its processes."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder.with_name("log")
        with open(self.log, "w") as log:
            self.launcher = subprocess.Popen(STAGE.command, cwd=folder, stdout=log, stderr=log)
        self.ranks = []
        self.wait_for(self._find_ranks)
        self.wait_for(lambda: list((folder / "two-ranks").glob(".*.samples/*.npz")))

    def _find_ranks(self):
        """Whether both ranks are there; sought before a sample, as all of them take little time."""
        found = {rank_of(process): process for process in processes_below(self.launcher.pid)}
        self.ranks = [found[rank] for rank in ("0", "1") if rank in found]
        return len(self.ranks) == 2

    def wait_for(self, condition):
        limit = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < limit, self.log.read_text()
            time.sleep(0.01)

    def gone(self):
        return not any(map(alive, self.ranks))


def rank_of(process):
    """Number of a process among the ranks; empty for those that start them."""
    try:
        known = psutil.Process(process)
        if known.cmdline()[:1] and known.cmdline()[0].endswith("python3"):
            return known.environ().get("PMIX_RANK", "")
    except psutil.Error:
        pass
    return ""


def alive(process):
    try:
        return psutil.Process(process).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return False


def assert_finishes(folder, study):
    """A rerun goes on, and ends in the files of a run without a fault."""
    again = run_until(STAGE.command, folder)
    assert again.returncode == 0, again.output
    assert content(STAGE, folder) == content(STAGE, study.folder)
    assert unfinished(folder) == set()


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_rank_ends_the_others_and_loses_nothing(rank, study, tmp_path):
    run = Running(study.before(NAME, tmp_path / "study"))
    os.kill(run.ranks[rank], signal.SIGKILL)
    assert run.launcher.wait(PATIENCE_S) != 0
    run.wait_for(run.gone)
    assert not (run.folder / STAGE.outputs[0]).exists()
    assert_finishes(run.folder, study)


def test_a_rank_that_stands_still_holds_the_others_until_it_goes_on(study, tmp_path):
    run = Running(study.before(NAME, tmp_path / "study"))
    os.kill(run.ranks[1], signal.SIGSTOP)
    time.sleep(1)
    assert run.launcher.poll() is None
    os.kill(run.ranks[1], signal.SIGCONT)
    assert run.launcher.wait(PATIENCE_S) == 0, run.log.read_text()
    assert content(STAGE, run.folder) == content(STAGE, study.folder)


def test_a_run_with_a_rank_that_stands_still_can_be_ended(study, tmp_path):
    run = Running(study.before(NAME, tmp_path / "study"))
    os.kill(run.ranks[1], signal.SIGSTOP)
    run.launcher.terminate()
    assert run.launcher.wait(PATIENCE_S) != 0
    run.wait_for(run.gone)
    assert_finishes(run.folder, study)
