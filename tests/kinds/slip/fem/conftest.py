"""Tidy up between tests: PETSc's destructors are collective and must run while MPI lives."""

import gc

import pytest
from mpi4py import MPI


@pytest.fixture(autouse=True)
def collect_garbage():
    yield
    gc.collect()
    MPI.COMM_WORLD.barrier()
