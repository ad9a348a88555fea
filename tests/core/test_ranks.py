"""A process without mpi4py is a world of one rank."""

import subprocess
import sys

import pytest

from slipfield.core import ranks
from slipfield.core.errors import SlipfieldError


def test_without_mpi_a_process_is_alone():
    assert "mpi4py.MPI" not in sys.modules
    assert not ranks.several()
    ranks.expect(1)
    with pytest.raises(SlipfieldError, match="ranks: 2 asked for, but MPI has started 1 in one"):
        ranks.expect(2)


def test_without_mpi_an_error_ends_the_process_in_one_line():
    program = (
        "from slipfield.core import errors, ranks; ranks.end_all(errors.SlipfieldError('a: b'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "slipfield: error: a: b\n")
