"""The same specimen in CalculiX, with its built-in single-crystal law: a comparison of cost.

That law (Meric, Poubanne & Cailletaud 1991) is gamma_dot = <(|tau| - r) / K>^n, where r grows
from r0 by an interaction matrix times Q (1 - exp(-b v)) with the systems' slips v. With r0 = 0,
K = g(0) / gamma0^(1/n) and Q b = h a fresh grain flows as Slipfield's does and hardens by the same
modulus on its own slip. The interaction matrix, fixed in its source, is another one, and slip
raises a threshold instead of the resistance: stresses and strains differ.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_text
from slipfield.kinds.slip.crystal.law import hardening_modulus, initial_crss
from slipfield.kinds.slip.fem.loading import LoadPath
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.study import Material, Study

REMARK = "CalculiX's law hardens in its own way: a comparison of cost, not of stress"
SATURATION = 0.1  # b; Q b is the initial hardening modulus
NO_KINEMATIC_HARDENING = (1e-3, 0.0, 1.0, 0.0)  # c, d, phi, delta: a back stress of nothing
CUBIC_RESISTANCE_MPA = 1e4  # keeps the cubic systems of the law at rest
STATE_VARIABLES = 60
INCREMENTS_S = (1.0, 2.5)  # first and largest


def is_available() -> bool:
    """Whether ``ccx`` is on PATH."""
    return shutil.which("ccx") is not None


def run_calculix(study: Study, microstructure: Path, folder: Path) -> dict[str, Any]:
    """Write the deck of a specimen into ``folder`` and run it on one thread.

    Returns
    -------
    dict
        ``cpu_seconds``, ``peak_memory_mb``, ``increments`` and ``iterations`` of the run.

    Raises
    ------
    SlipfieldError
        If ``ccx`` does not reach the end of the loading.
    """
    write_text(folder / "sheet.inp", "\n".join(deck(study, microstructure)) + "\n")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBER_OF_CPUS": "1"}
    with open(folder / "sheet.log", "w") as log:
        process = subprocess.Popen(
            ["ccx", "-i", "sheet"], cwd=folder, env=environment, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
    text = (folder / "sheet.log").read_text()
    rows = [line.split() for line in (folder / "sheet.sta").read_text().splitlines()[2:]]
    if status or "Job finished" not in text:
        raise SlipfieldError(f"ccx did not finish; it reached {rows[-1][4] if rows else 0} s")
    return {
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory_mb": usage.ru_maxrss / 1024,
        "increments": len(rows),
        "iterations": len(re.findall(r"^ iteration \d+", text, re.M)),
    }


def deck(study: Study, microstructure: Path) -> Iterator[str]:
    """Lines of the input deck: plane-stress quads with one point, finite strain."""
    with open_netcdf(microstructure) as data:
        grain = data["element_grain"].values
        x, y = data["x_mm"].values, data["y_mm"].values
        axes, size = matrix_of_euler(data["euler"].values), data["size"].values
    k = study.sampling.centre
    yield "*NODE, NSET=ALL"
    for number, point in enumerate(zip(x.flat, y.flat, strict=True), 1):
        yield _row(number, *point, 0.0)
    node: np.ndarray = np.arange(1, x.size + 1).reshape(x.shape)
    corners = np.stack([node[:-1, :-1], node[:-1, 1:], node[1:, 1:], node[1:, :-1]], -1)
    element = np.arange(1, grain.size + 1).reshape(grain.shape)
    for g in np.unique(grain):
        yield f"*ELEMENT, TYPE=CPS4R, ELSET=GRAIN{g}"
        for number, nodes in zip(element[grain == g], corners[grain == g], strict=True):
            yield _row(number, *nodes)
        yield f"*ORIENTATION, NAME=AXES{g}"
        yield _row(*axes[g, 0], *axes[g, 1])
        resistance, modulus = (
            initial_crss(k, size[g]),
            hardening_modulus(study.material, k, size[g]),
        )
        yield f"*MATERIAL, NAME=SINGLE_CRYSTAL{g}"
        yield from _constants(study.material, float(resistance), float(modulus))
        yield f"*SOLID SECTION, ELSET=GRAIN{g}, MATERIAL=SINGLE_CRYSTAL{g}, ORIENTATION=AXES{g}"
        yield _row(study.specimen.thickness_mm)
    yield from _set("BOTTOM", node[0])
    yield from _set("TOP", node[-1])
    yield from _loading(study, pin=int(node[0, node.shape[1] // 2]))


def _constants(material: Material, resistance: float, modulus: float) -> Iterator[str]:
    """Elastic constants, then K, n, c, d, phi, delta, r0, Q, b of both families of systems."""
    n = material.rate_exponent
    viscosity = resistance / material.reference_slip_rate_per_s ** (1 / n)

    def family(threshold: float) -> list[float]:
        hardening = [threshold, modulus / SATURATION, SATURATION]
        return [viscosity, n, *NO_KINEMATIC_HARDENING, *hardening]

    values = [material.c11_MPa, material.c12_MPa, material.c44_MPa]
    values += family(0.0) + family(CUBIC_RESISTANCE_MPA)
    yield f"*USER MATERIAL, CONSTANTS={len(values)}"
    for first in range(0, len(values), 8):
        yield _row(*values[first : first + 8])
    yield "*DEPVAR"
    yield str(STATE_VARIABLES)


def _loading(study: Study, pin: int) -> Iterator[str]:
    """Boundary conditions and the step, with the outputs of the study."""
    path = LoadPath(study.loading)
    end, interval = path.outputs[-1], path.outputs[0]
    first, largest = INCREMENTS_S
    yield "*BOUNDARY"
    yield "BOTTOM, 2, 2, 0."
    yield f"{pin}, 1, 1, 0."
    yield "*TIME POINTS, NAME=OUTPUTS, GENERATE"
    yield _row(interval, end, interval)
    yield "*STEP, NLGEOM, INC=10000"
    yield "*STATIC, SOLVER=SPOOLES"
    yield _row(first, end, 1e-6, largest)
    yield "*BOUNDARY"
    yield f"TOP, 2, 2, {path.displacement(end):.10g}"
    yield "*NODE FILE, TIME POINTS=OUTPUTS"
    yield "U"
    yield "*EL FILE, TIME POINTS=OUTPUTS"
    yield "E"
    yield "*NODE PRINT, NSET=TOP, TOTALS=ONLY, TIME POINTS=OUTPUTS"
    yield "RF"
    yield "*END STEP"


def _set(name: str, nodes: Iterable[int]) -> Iterator[str]:
    yield f"*NSET, NSET={name}"
    for number in nodes:
        yield f"{number},"


def _row(*values: float) -> str:
    return ", ".join(f"{value:.10g}" for value in values)
