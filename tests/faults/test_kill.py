"""Kill the long verbs at random moments: a rerun ends in the files of a run that nobody killed.

``SLIPFIELD_KILLS`` says how many kills in all, ``SLIPFIELD_SEED`` which moments.
"""

import os
import random
import signal

import pytest

from tests.faults.killing import Moment, run_until, unfinished
from tests.faults.stages import KILLED, content

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("SLIPFIELD_KILLS", "18"))
SEED = int(os.environ.get("SLIPFIELD_SEED", "2025"))
EACH = -(-KILLS // len(KILLED))
SHORTEST_CHAIN, LONGEST_CHAIN = 3, 4
EARLIEST = 0.3
"""Share of a run's time before which it only loads its libraries."""

AFTER_WRITE_S = 0.05


def random_moment(draw, whole):
    """Half of the kills at any time, half just after some file has begun to be written."""
    if whole.writing and draw.random() < 0.5:
        return Moment(draw.uniform(0, AFTER_WRITE_S), draw.randint(1, len(whole.writing)))
    return Moment(draw.uniform(EARLIEST, 1) * whole.seconds)


def kill_chain(draw, stage, whole, folder, most):
    """Kill a run and its reruns up to ``most`` times; let the last one end. Give the kills."""
    kills = 0
    while kills < most:
        outcome = run_until(stage.command, folder, random_moment(draw, whole))
        if not outcome.killed:
            assert outcome.returncode == 0, outcome.output
            return kills
        assert outcome.returncode == -signal.SIGKILL
        kills += 1
    outcome = run_until(stage.command, folder)
    assert outcome.returncode == 0, outcome.output
    return kills


@pytest.mark.parametrize("name", KILLED)
def test_a_rerun_ends_in_the_files_of_a_run_that_nobody_killed(name, study, tmp_path):
    stage, draw = KILLED[name], random.Random(f"{SEED} {name}")
    expected = content(stage, study.folder)
    kills = chains = 0
    while kills < EACH:
        folder = study.before(name, tmp_path / str(chains))
        most = min(draw.randint(SHORTEST_CHAIN, LONGEST_CHAIN), EACH - kills)
        kills += kill_chain(draw, stage, study.runs[name], folder, most)
        chains += 1
        where = f"{name}: seed {SEED}, kill {kills}, chain {chains}"
        assert content(stage, folder) == expected, where
        assert unfinished(folder) == set(), where
        assert chains <= 4 * EACH, f"{where}: the runs end before they are killed"
    print(f"{name}: {kills} kills in {chains} chains, seed {SEED}")
