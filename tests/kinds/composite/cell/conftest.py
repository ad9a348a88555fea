"""Cells and reduced models that several tests share."""

import numpy as np
import pytest

from slipfield.kinds.composite.cell import Cell
from slipfield.kinds.composite.rechecked import Workbench

BOUNDS = np.array([[2, 0.3, 50, 0.2, 0.2], [8, 0.4, 450, 0.35, 0.4]])


@pytest.fixture(scope="session")
def bounds() -> np.ndarray:
    return BOUNDS


@pytest.fixture(scope="session")
def cell() -> Cell:
    return Cell()


@pytest.fixture(scope="session")
def bench() -> Workbench:
    return Workbench.prepare(BOUNDS)
