"""Errors of programs with several MPI ranks: printed once, and the end of all ranks."""

from __future__ import annotations

import os
import sys
import time
import traceback
from typing import Any

from slipfield.core.errors import SlipfieldError

HEAD_START_S = 1.0
"""What rank 0 gets before another rank speaks: most errors are the same on all ranks, s."""


def several() -> bool:
    """Whether this process is one of several ranks; without mpi4py loaded it is alone."""
    return _size() > 1


def expect(count: int) -> None:
    """Refuse to work unless MPI has started ``count`` ranks in one world.

    A launcher of another MPI library starts ``count`` worlds of one rank, which would all do the
    same work and write the same file. Without mpi4py loaded, this process is one rank.

    Raises
    ------
    SlipfieldError
        If the numbers differ.
    """
    size = _size()
    if size != count:
        raise SlipfieldError(
            f"ranks: {count} asked for, but MPI has started {size} in one world; start them by "
            "mpirun of the same environment, or by an srun that knows its PMIx (docs/slurm.md)"
        )


def end_all(error: Exception) -> None:
    """Print ``error`` and leave at once, which makes the launcher end the ranks that wait for us.

    A rank that left in the usual way would wait for the others in MPI's finalisation, and they
    for it.
    """
    if _size() > 1 and _world().rank:
        time.sleep(HEAD_START_S)
    if isinstance(error, SlipfieldError):
        print(f"slipfield: error: {error}", file=sys.stderr, flush=True)
        os._exit(2)
    traceback.print_exception(error)
    sys.stderr.flush()
    os._exit(1)


def _size() -> int:
    return _world().size if "mpi4py.MPI" in sys.modules else 1


def _world() -> Any:
    return sys.modules["mpi4py.MPI"].COMM_WORLD
