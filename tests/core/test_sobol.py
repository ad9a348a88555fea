"""Sobol points are SciPy's, and never one point many times."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import qmc

from slipfield.core.sobol import sobol_points


@pytest.mark.parametrize("count", [1, 4, 60])
def test_they_are_the_first_of_scipys_sequence(count):
    points = sobol_points(qmc.Sobol(3, rng=7), count)
    assert np.array_equal(points, qmc.Sobol(3, rng=7).random_base2(6)[:count])


FEW_FILES = """
import os, resource
from scipy.stats import qmc
from slipfield.core.errors import SlipfieldError
from slipfield.core.sobol import sobol_points

free = os.open(os.devnull, os.O_RDONLY)
os.close(free)
resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))
try:
    sobol_points(qmc.Sobol(3, rng=7), 8)
except SlipfieldError as error:
    print(error)
"""


@pytest.mark.slow
def test_points_without_their_table_are_refused():
    """SciPy goes on with zeros for it, in a process that may open no further file."""
    command = [sys.executable, "-c", FEW_FILES]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert "Sobol points: SciPy could not read its table of direction numbers" in done.stdout
    assert done.returncode == 0
