"""State of a sample between two steps, saved and restored bit for bit.

One file per rank; a restart needs the same specimen, settings and number of ranks.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import complete_file
from slipfield.kinds.slip.fem.stepping import Record, Stepper
from slipfield.kinds.slip.fem.versions import solver_versions


def checkpoint_file(folder: Path, stepper: Stepper) -> Path:
    """File of this rank in a checkpoint folder."""
    comm = stepper.problem.comm
    return folder / f"rank{comm.rank}of{comm.size}.npz"


def save_checkpoint(stepper: Stepper, folder: Path) -> None:
    """Save the state after a step, for example in ``on_output``. Collective."""
    points, history = stepper.points, stepper.history
    arrays: dict[str, Any] = {f"start_{name}": values for name, values in points.start.items()}
    arrays |= {f"before_{name}": values for name, values in points.before.items()}
    arrays |= {f"velocity_{i}": velocity for i, (_, velocity) in enumerate(history.velocity)}
    facts = {
        "study": stepper.problem.study.physics_hash(),
        "solver": solver_versions(),
        "time": stepper.time,
        "load": stepper.load,
        "next_step": stepper.next_step,
        "steps": [dt for dt, _ in history.velocity],
        "load_rate": history.load_rate,
        "largest_strain": history.largest_strain,
        "largest_load": history.largest_load,
        "factor_age": history.factor_age,
        "leftover": history.leftover,
        "prolong": history.prolong,
        "record": asdict(stepper.record),
    }
    if history.factor_age is not None:
        arrays["tangent"] = stepper.problem.solver.values
    with complete_file(checkpoint_file(folder, stepper)) as temporary:
        with open(temporary, "wb") as file:
            np.savez(
                file,
                u=stepper.u.array,
                facts=json.dumps(facts),
                **arrays,
            )


def load_checkpoint(stepper: Stepper, folder: Path) -> None:
    """Put a new stepper into a saved state; its ``run`` goes on from there. Collective.

    Raises
    ------
    SlipfieldError
        If the files are missing, not readable, or of another study or solver.
    """
    path = checkpoint_file(folder, stepper)
    try:
        with np.load(path) as file:
            arrays = dict(file)
        facts = json.loads(str(arrays["facts"]))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise SlipfieldError(f"{path}: not a readable checkpoint: {error}") from error
    if facts["study"] != stepper.problem.study.physics_hash():
        raise SlipfieldError(f"{path}: saved by a study with other physics; delete it")
    if facts.get("solver") != solver_versions():
        raise SlipfieldError(f"{path}: saved by another version of the solver; delete it")
    stepper.u.array[:] = arrays["u"]
    for name, values in stepper.points.start.items():
        values[:] = arrays[f"start_{name}"]
    for name, values in stepper.points.before.items():
        values[:] = arrays[f"before_{name}"]
    history = stepper.history
    history.velocity = [(dt, arrays[f"velocity_{i}"]) for i, dt in enumerate(facts["steps"])]
    history.load, history.largest_load = facts["load"], facts["largest_load"]
    history.load_rate = [tuple(entry) for entry in facts["load_rate"]]
    history.largest_strain, history.leftover = facts["largest_strain"], facts["leftover"]
    history.factor_age, history.prolong = facts["factor_age"], facts["prolong"]
    stepper.time, stepper.load = facts["time"], facts["load"]
    stepper.next_step = facts["next_step"]
    stepper.record = Record(**facts["record"])
    if history.factor_age is not None:
        stepper.problem.solver.values[:] = arrays["tangent"]
        stepper.problem.solver.factorise()
