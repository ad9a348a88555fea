"""Does every sample finish: rate exponents, latent hardening, box corners, loading paths."""

from __future__ import annotations

import time
from itertools import product

import numpy as np

from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.fem.sheet import Microstructure
from slipfield.kinds.slip.fem.stepping import Record, Stepper
from slipfield.kinds.slip.study import Study
from slipfield.kinds.slip.verification.result import Chapter, Table
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of

EXPONENTS, LATENT = (10.0, 20.0, 50.0), (1.0, 1.4)
PATHS = {
    "loading, unloading, reloading": [[0, 0], [50, 0.05], [60, 0.045], [100, 0.085]],
    "reversal": [[0, 0], [40, 0.04], [100, -0.02]],
    "two reversals": [[0, 0], [30, 0.03], [60, -0.03], [100, 0.01]],
    "fast, then slow": [[0, 0], [5, 0.05], [100, 0.1]],
    "hold": [[0, 0], [50, 0.05], [100, 0.05]],
    "compression": [[0, 0], [100, -0.1]],
    "twice the elongation": [[0, 0], [100, 0.2]],
}


def corners(study: Study, width: float) -> list[tuple[float, ...]]:
    """Corners of the sampling box, ``width`` times as wide on the logarithmic axes."""
    sides = []
    for low, high in study.sampling.box:
        middle, half = 0.5 * np.log(low * high), 0.5 * width * np.log(high / low)
        sides.append((float(np.exp(middle - half)), float(np.exp(middle + half))))
    return list(product(*sides))


def finish(study: Study, k: Parameters, micro: Microstructure) -> Record:
    """Run one sample, whatever comes of it."""
    return Stepper(problem_of(study, micro), k, lambda number, stepper: None).run()


def chapter(cells: int = 32, grains: int = 60) -> Chapter:
    """Run all combinations and list what does not finish."""
    found = Chapter(
        "robustness",
        "Robustness",
        f"{cells} x {cells} elements, {grains} grains, default settings, 5 %: every corner of the "
        "sampling box and of a box twice as wide on logarithmic axes, for n = 10, 20, 50 and "
        "q = 1, 1.4; then loading paths at the centre of the box. Cut-back steps are logged with "
        "their reasons; a sample that reaches the minimum step ends with a status and a reason.",
    )
    micro = grain_map(make_study(cells, grains))
    rows, failures = [], []
    for n, q, width in product(EXPONENTS, LATENT, (1, 2)):
        study = make_study(cells, grains, material={"rate_exponent": n, "latent_ratio": q})
        records, started = [], time.process_time()
        for k in corners(study, width):
            records.append(finish(study, k, micro))
            if records[-1].status:
                values = ", ".join(f"{value:.4g}" for value in k)
                failures.append([f"n = {n:g}, q = {q:g}, k = {values}", records[-1].reason])
        rows.append(_row([n, q, width], records, time.process_time() - started))
    columns = ["n", "q", "box", "finished", "of", "steps", "most steps", "cut back", "CPU s"]
    found.tables.append(Table("Corners of the box", columns, rows))
    rows = []
    for (name, path), n in product(PATHS.items(), (10.0, 50.0)):
        study = make_study(cells, grains, loading={"path": path}, material={"rate_exponent": n})
        started = time.process_time()
        record = finish(study, study.sampling.centre, micro)
        if record.status:
            failures.append([f"{name}, n = {n:g}", record.reason])
        rows.append(_row([name, n], [record], time.process_time() - started))
    found.tables.append(Table("Loading paths", ["path", "n", *columns[3:]], rows))
    if failures:
        found.tables.append(Table("Not finished", ["sample", "reason"], failures))
    found.check("samples that did not finish", len(failures), 0)
    return found


def _row(head: list, records: list[Record], seconds: float) -> list:
    steps = [record.steps for record in records]
    return [
        *head,
        sum(record.status == 0 for record in records),
        len(records),
        round(sum(steps) / len(steps), 1),
        max(steps),
        sum(record.rejected_steps for record in records),
        round(seconds, 2),
    ]
