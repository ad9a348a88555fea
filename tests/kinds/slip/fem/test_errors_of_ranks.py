"""Two real ranks: an error is printed once and ends both, also where only one of them has it."""

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[4] / "config" / "demo.yaml"
PROGRAM = """
import sys
from mpi4py import MPI
from slipfield import cli
from slipfield.core.errors import SlipfieldError

def app(**options):
    rank = MPI.COMM_WORLD.rank
    if str(rank) in sys.argv[1]:
        raise SlipfieldError("study.yaml: one line")
    MPI.COMM_WORLD.barrier()

cli.app = app
cli.main()
"""


@pytest.mark.parametrize("failing", ["0", "1", "01"])
def test_an_error_is_printed_once_and_ends_all_ranks(failing):
    command = ["mpirun", "-n", "2", sys.executable, "-c", PROGRAM, failing]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count("slipfield: error: study.yaml: one line\n") == 1
    assert "Traceback" not in done.stderr


def test_ranks_in_worlds_of_their_own_do_no_work(tmp_path):
    """As a launcher of another MPI library starts them."""
    result = tmp_path / "shard.nc"
    files = ("--config", DEMO, "--microstructure", "none.nc", "--samples", "none.csv")
    command = [sys.executable, "-m", "slipfield", "simulate", *files, "--rows", "0:1"]
    done = subprocess.run(
        [*command, "--output", result, "--ranks", "2"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.startswith("slipfield: error: ranks: 2 asked for, but MPI has started 1 in")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
