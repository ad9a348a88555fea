"""All measurements of `slipfield bench`, one after the other, into a table and a JSON file."""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from slipfield import __version__
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import progress
from slipfield.kinds.slip.bench.calculix import REMARK, is_available, run_calculix
from slipfield.kinds.slip.bench.cores import measure_fan_out, measure_ranks
from slipfield.kinds.slip.bench.launch import Measurement, Specimen
from slipfield.kinds.slip.bench.learning import measure_learning
from slipfield.kinds.slip.bench.machine import describe_machine
from slipfield.kinds.slip.bench.report import print_results, summarise
from slipfield.kinds.slip.crystal.build import FLAGS

CCX_MISSING = "skipped: no `ccx` on PATH (Debian: apt-get install calculix-ccx)"


@dataclass(frozen=True)
class Plan:
    """Sizes of the measurements.

    Attributes
    ----------
    meshes : elements along each side of the samples that are split by phase.
    variants, fan_out, ranks : the same for factor ages, sensitivities and builds; for two samples
        side by side; for one specimen on two ranks.
    peer : the same for CalculiX.
    grains : grains of the specimen.
    repeats : samples of each kind; medians are reported.
    nodes, training_samples : nodes along each side and number of the images to learn from.
    """

    meshes: tuple[int, ...] = (50, 100, 200)
    variants: int = 100
    fan_out: int = 200
    ranks: int = 200
    peer: tuple[int, ...] = (50,)
    grains: int = 300
    repeats: int = 3
    nodes: int = 49
    training_samples: int = 96


DEFAULT = Plan()
LARGE = Plan(meshes=(50, 100, 200, 400), variants=200, ranks=400, peer=(50, 100))


class Specimens:
    """Specimens of all sizes, made when they are first asked for."""

    def __init__(self, grains: int, folder: Path):
        self._grains, self._folder = grains, folder
        self._made: dict[int, Specimen] = {}

    def __call__(self, cells: int) -> Specimen:
        """Specimen with cells x cells elements."""
        if cells not in self._made:
            self._made[cells] = Specimen.make(cells, self._grains, self._folder)
        return self._made[cells]


def run_bench(plan: Plan, output: Path, only: Collection[str] | None = None) -> dict[str, Any]:
    """Take the measurements of ``plan``, print them and write them to ``output``.

    Parameters
    ----------
    only : names of the parts to measure (see :data:`PARTS`); all by default.

    Returns
    -------
    dict
        What is written: ``machine``, ``plan``, one entry a part, and the ``summary``.

    Raises
    ------
    SlipfieldError
        If a part has another name or a measurement fails.
    """
    unknown = sorted(set(only or ()) - PARTS.keys())
    if unknown:
        raise SlipfieldError(f"only: given {unknown[0]!r}; parts are {', '.join(PARTS)}")
    chosen = [name for name in PARTS if not only or name in only]
    machine = describe_machine()
    results: dict[str, Any] = {"version": __version__, "machine": machine, "plan": asdict(plan)}
    with (
        tempfile.TemporaryDirectory() as folder,
        progress("bench", len(chosen)) as advance,
    ):
        specimens = Specimens(plan.grains, Path(folder))
        for name in chosen:
            results[name] = PARTS[name](plan, specimens)
            advance(name)
    results["machine"]["load_average_at_end"] = [round(value, 2) for value in os.getloadavg()]
    results["summary"] = [asdict(line) for line in summarise(results)]
    write_text(output, json.dumps(results, indent=1) + "\n")
    print_results(results)
    return results


def _solver(plan: Plan, specimens: Specimens) -> dict[str, Any]:
    """Split samples by phase on all meshes; compare factor ages, and price sensitivities."""
    samples = [
        Measurement("batch", specimens(cells), plan.repeats).result() for cells in plan.meshes
    ]
    variants = Measurement("variants", specimens(plan.variants), plan.repeats).result()
    return {"samples": samples, "variants": variants}


def _builds(plan: Plan, specimens: Specimens) -> dict[str, Any]:
    """Build the kernel as usual, without the processor's own instructions, and for one lane."""
    flags = os.environ.get("SLIPFIELD_CXXFLAGS", FLAGS)
    builds = {
        "native": flags,
        "portable": " ".join(part for part in flags.split() if not part.startswith("-march")),
        "one_lane": f"{flags} -DSLIPFIELD_LANES=1",
    }
    found: dict[str, Any] = {"cells": plan.variants}
    for name, options in builds.items():
        environment = {"SLIPFIELD_CXXFLAGS": options}
        specimen = specimens(plan.variants)
        result = Measurement("batch", specimen, plan.repeats, environment=environment).result()
        kept = ("cpu_seconds", "kernel_microseconds")
        found[name] = {"flags": options, **{key: result[key] for key in kept}}
    return found


def _cores(plan: Plan, specimens: Specimens) -> dict[str, Any]:
    return {
        "fan_out": measure_fan_out(specimens(plan.fan_out)),
        "ranks": measure_ranks(specimens(plan.ranks)),
    }


def _peer(plan: Plan, specimens: Specimens) -> dict[str, Any]:
    """CalculiX beside Slipfield on the same specimens, where it is installed."""
    if not is_available():
        return {"skipped": CCX_MISSING}
    runs = []
    for cells in plan.peer:
        specimen = specimens(cells)
        with tempfile.TemporaryDirectory() as folder:
            peer = run_calculix(specimen.study, specimen.microstructure, Path(folder))
        ours = Measurement("batch", specimen, plan.repeats).result()
        runs.append({"cells": cells, "calculix": peer, "slipfield": ours})
    return {"remark": REMARK, "runs": runs}


def _learning(plan: Plan, specimens: Specimens) -> dict[str, Any]:
    """Training and loading, in a process of its own for the sake of its memory."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        task = pool.submit(measure_learning, plan.nodes, plan.training_samples, plan.repeats)
        return task.result()


PARTS: dict[str, Callable[[Plan, Specimens], dict[str, Any]]] = {
    "solver": _solver,
    "builds": _builds,
    "cores": _cores,
    "peer": _peer,
    "learning": _learning,
}
