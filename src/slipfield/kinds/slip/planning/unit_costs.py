"""Unit costs of simulating and learning, as `slipfield slice` measured them."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from slipfield.core.errors import SlipfieldError, one_line

REFERENCE_FILE = Path(__file__).with_name("unit-costs.json")
"""The unit costs that requests and estimates rest on; `make slice` measures them anew."""

GPU_GFLOP_PER_S = 10_000.0
"""Assumed, not measured: what a data-centre GPU sustains on small convolutions, 1e9/s."""


SOLID_ELEMENTS, SOLID_FACE, SOLID_RATIO, SOLID_GROWTH = 40_960, 4_096, 121.0, 1.16
"""A solid of 64 x 64 x 10 elements takes so many times the CPU seconds of the membrane of its face,
and the power of the elements by which that grows: 20 outputs to 5 %, beside 32 x 32 x 5 (20.5 and
1.84 s, measured with AVX-512 on a busy machine)."""

SOLID_MB = {5_120: 312.0, 40_960: 1_653.0}
"""Peak memory of a solid by its elements, factor in double precision, MB (docs/thickness.md)."""


def power_law(share: float, small: float, cost: float, small_cost: float) -> float:
    """Cost at a ``share`` of a size, which has ``cost``; the share ``small`` has ``small_cost``."""
    return cost * share ** (math.log(small_cost / cost) / math.log(small))


@dataclass(frozen=True)
class Simulation:
    """Cost of simulating one sample on a large and a small mesh, and of starting a batch.

    Attributes
    ----------
    cells, small_cells : elements of the two meshes.
    sample_cpu_s, small_sample_cpu_s : CPU seconds of one sample, writing included.
    memory_mb, small_memory_mb : peak memory of the process, MB.
    start_cpu_s : CPU seconds of a batch without its samples, on the large mesh.
    sample_mb : size of one sample in its shard, MB, for ``outputs`` outputs on the large mesh.
    reference_cpu_s, reference_memory_mb, reference_mb : the same for a reference run and its file.
    """

    cells: int
    small_cells: int
    outputs: int
    sample_cpu_s: float
    small_sample_cpu_s: float
    memory_mb: float
    small_memory_mb: float
    start_cpu_s: float
    sample_mb: float
    reference_cpu_s: float
    reference_memory_mb: float
    reference_mb: float

    def cpu_s(self, cells: int) -> float:
        """CPU seconds of one sample on ``cells`` elements: the power law through both meshes."""
        share, small = cells / self.cells, self.small_cells / self.cells
        return power_law(share, small, self.sample_cpu_s, self.small_sample_cpu_s)

    def peak_mb(self, cells: int) -> float:
        """Peak memory of a simulation of ``cells`` elements: the line through both meshes, MB."""
        slope = (self.memory_mb - self.small_memory_mb) / (self.cells - self.small_cells)
        return self.memory_mb + slope * (cells - self.cells)

    def solid_cpu_s(self, elements: int) -> float:
        """CPU seconds of one sample in three dimensions on ``elements`` elements."""
        whole = SOLID_RATIO * self.cpu_s(SOLID_FACE)
        return whole * (elements / SOLID_ELEMENTS) ** SOLID_GROWTH

    def solid_peak_mb(self, elements: int) -> float:
        """Peak memory of a simulation in three dimensions, MB."""
        (small, least), (large, most) = SOLID_MB.items()
        return least + (most - least) / (large - small) * (elements - small)


@dataclass(frozen=True)
class Learning:
    """Cost of what happens to a sample after its simulation.

    Attributes
    ----------
    nodes, small_nodes, frames : of the images of both meshes.
    gather_cpu_s : CPU seconds of checking and summing up one sample.
    epoch_cpu_s, small_epoch_cpu_s : CPU seconds of one sample in one epoch of the network.
    epoch_gflop, small_epoch_gflop : the same in floating-point operations, 1e9.
    memory_mb : peak memory of the training, whose fields were in memory, MB.
    fields_mb : size of these fields, MB.
    batch_size : samples of the training batches that were measured.
    balance_cpu_s : CPU seconds of what the equilibrium network sees of one sample, for ``nodes``.
    fit_cpu_s, fit_samples : CPU seconds of training that network on so many samples.
    """

    nodes: int
    small_nodes: int
    frames: int
    gather_cpu_s: float
    epoch_cpu_s: float
    small_epoch_cpu_s: float
    epoch_gflop: float
    small_epoch_gflop: float
    memory_mb: float
    fields_mb: float
    batch_size: int
    balance_cpu_s: float
    fit_cpu_s: float
    fit_samples: int

    def visit(self, nodes: int, frames: int) -> tuple[float, float]:
        """CPU seconds and 1e9 operations of a sample in an epoch: power laws through both images.

        In proportion to frames. What does not grow with the image, such as the LSTM, makes a small
        one cost more than its share.
        """
        share, small = nodes / self.nodes, self.small_nodes / self.nodes
        seconds = power_law(share, small, self.epoch_cpu_s, self.small_epoch_cpu_s)
        gflop = power_law(share, small, self.epoch_gflop, self.small_epoch_gflop)
        return frames / self.frames * seconds, frames / self.frames * gflop


@dataclass(frozen=True)
class UnitCosts:
    """What one sample costs, and where and how that was measured."""

    simulation: Simulation
    learning: Learning
    measured: dict[str, Any]

    @property
    def source(self) -> str:
        """Machine, date and command of the measurement, in a line."""
        machine = self.measured["machine"]
        name = f"{machine['processor']} with{'' if machine['avx512'] else 'out'} AVX-512"
        return f"{self.measured['command']}, {name}, {machine['date'][:10]}"

    def note(self, found: Collection[str]) -> str:
        """What to know on a processor with the instructions ``found``; "" if it is alike."""
        if self.measured["machine"]["avx512"] == ("avx512f" in found):
            return ""
        here = (
            "has it and may take a third" if "avx512f" in found else "has none: up to three times"
        )
        return f"This processor {here} of these costs. "


def read_unit_costs(path: Path) -> UnitCosts:
    """Read the file that `slipfield slice` wrote.

    Raises
    ------
    SlipfieldError
        If it is missing or not such a file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        simulation, learning = Simulation(**content["simulation"]), Learning(**content["learning"])
        return UnitCosts(simulation, learning, content["measured"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SlipfieldError(
            f"{path}: no readable unit costs ({one_line(error)}); run `make slice`"
        ) from error


@cache
def unit_costs() -> UnitCosts:
    """Unit costs of the reference file."""
    return read_unit_costs(REFERENCE_FILE)
