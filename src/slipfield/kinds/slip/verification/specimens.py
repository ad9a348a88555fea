"""Small specimens for the checks: single crystals, distorted meshes, real grain maps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from mpi4py import MPI

from slipfield.kinds.slip.crystal.build import Precision
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.stepping import Problem
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import Study


def make_study(cells: int, grains: int = 300, **sections: dict) -> Study:
    """Study of a sheet with cells x cells elements; other sections by name."""
    specimen = {"cells_x": cells, "cells_y": cells, "grains": grains}
    specimen |= sections.pop("specimen", {})
    return Study(name="verification", specimen=specimen, **sections)


def grain_map(study: Study) -> Microstructure:
    """First grain map of a study."""
    return Microstructure.from_dataset(make_microstructure(study, 0), "verification")


def single_crystal(
    cells: int, euler: tuple[float, float, float], distortion: float = 0.0
) -> Microstructure:
    """Make a 2 mm x 2 mm single crystal with D = 0.2 mm.

    Parameters
    ----------
    cells : elements along each side.
    euler : Bunge angles, rad.
    distortion : random shift of the inner nodes in units of the element size.
    """
    line = np.linspace(0, 2, cells + 1)
    x, y = np.meshgrid(line, line)
    shift = np.random.default_rng(7).uniform(-1, 1, (2, cells - 1, cells - 1))
    x[1:-1, 1:-1] += distortion * 2 / cells * shift[0]
    y[1:-1, 1:-1] += distortion * 2 / cells * shift[1]
    grain = np.zeros((cells, cells), np.int32)
    return Microstructure(0, x, y, grain, np.array([euler], float), np.array([0.2]))


def split_grain(micro: Microstructure) -> Microstructure:
    """Cut the largest grain into two of its size and orientation."""
    grain = micro.element_grain.copy()
    largest = np.bincount(grain.ravel()).argmax()
    rows, columns = np.nonzero(grain == largest)
    half = rows > np.median(rows)
    grain[rows[half], columns[half]] = len(micro.size)
    euler = np.vstack([micro.euler, micro.euler[largest]])
    size = np.append(micro.size, micro.size[largest])
    return replace(micro, element_grain=grain, euler=euler, size=size)


def problem_of(study: Study, micro: Microstructure, precision: Precision | None = None) -> Problem:
    """Set the problem up on this process alone."""
    return Problem(study, micro, MPI.COMM_SELF, precision)
