"""Two real ranks: an error is printed once and ends both, also where only one of them has it."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from mpi4py import MPI
from slipfield import cli
from slipfield.errors import SlipfieldError

def app():
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
