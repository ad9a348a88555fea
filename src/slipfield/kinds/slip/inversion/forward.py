"""Forward runs with sensitivities for this process: the verb `reference` in its own environment.

The solver lives in another environment than the inverters, so it is started as a command. A run is
kept under a name made from all that determines it, and never repeated.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr
import yaml

from slipfield.core.errors import EXIT_STATUS, SlipfieldError
from slipfield.core.files import write_netcdf, write_text
from slipfield.core.launch import LAUNCHER
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import Study

COMMAND = "SLIPFIELD_REFERENCE"
"""Environment variable: a command that takes the verb and its options, instead of `envs/run`."""


@dataclass
class Solver:
    """Runs one specimen at given parameters.

    Attributes
    ----------
    study, folder : the specimen's study, and the folder of its files and runs.
    seconds, cpu : wall and CPU time of each run that was made, s.
    """

    study: Study
    folder: Path
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @classmethod
    def prepare(cls, study: Study, microstructure: xr.Dataset, folder: Path) -> Solver:
        """Write study and microstructure into ``folder``."""
        text = yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False)
        write_text(folder / "study.yaml", text)
        write_netcdf(microstructure, folder / "microstructure.nc", study)
        return cls(study, folder)

    @property
    def microstructure(self) -> Path:
        """Microstructure file of the specimen."""
        return self.folder / "microstructure.nc"

    def run(self, parameters: np.ndarray) -> Reference:
        """Strain, load and their derivatives to ln k at ``parameters`` (k1, k2, k3).

        Raises
        ------
        NoEquilibrium
            If the solver does not reach the end of the loading at these parameters.
        SlipfieldError
            If it cannot be started or fails for another reason.
        """
        path = self.folder / f"run-{self.key(parameters)}.nc"
        if path.exists():
            with suppress(SlipfieldError):  # one that is damaged is run again
                return Reference.read(path)
        started, used = time.perf_counter(), _children_cpu()
        self._start(parameters, path)
        self.seconds.append(time.perf_counter() - started)
        self.cpu.append(_children_cpu() - used)
        return Reference.read(path)

    def key(self, parameters: np.ndarray) -> str:
        """Name of the run at k1, k2, k3, made from all that determines it."""
        digest = hashlib.sha256(self.study.model_dump_json().encode())
        digest.update(_content(self.microstructure))
        digest.update(np.asarray(parameters, dtype=float).tobytes())
        return digest.hexdigest()[:16]

    def _start(self, parameters: np.ndarray, output: Path) -> None:
        files = {"config": "study.yaml", "microstructure": "microstructure.nc"}
        values = [repr(float(value)) for value in parameters]
        start_verb("reference", self.folder, files, output.name, ["--parameters", *values])


def start_verb(
    verb: str, folder: Path, files: Mapping[str, str], output: str, more: Sequence[str] = ()
) -> None:
    """Run a verb of the solver on files of a folder.

    Parameters
    ----------
    files : names in ``folder`` by option.  output : name of what the verb writes there.
    more : further arguments.

    Raises
    ------
    NoEquilibrium
        If the solver does not reach the end of the loading.
    SlipfieldError
        If it cannot be started or fails for another reason.
    """
    given = os.environ.get(COMMAND)
    if given is None and not LAUNCHER.exists():
        raise SlipfieldError(
            f"{LAUNCHER}: not there; set {COMMAND} to the command that runs slipfield where "
            "DOLFINx is installed"
        )
    command = shlex.split(given) if given else [str(LAUNCHER)]
    folder = folder.resolve()
    command.append(verb)
    for option, name in {**files, "output": output}.items():
        command += [f"--{option}", str(folder / name)]
    bound = os.environ.get("SLIPFIELD_BIND")
    environment = os.environ | {"SLIPFIELD_BIND": f"{bound}:{folder}" if bound else str(folder)}
    try:
        done = subprocess.run([*command, *more], capture_output=True, text=True, env=environment)
    except OSError as error:
        raise SlipfieldError(f"{command[0]}: cannot be started: {error}") from error
    if done.returncode or not (folder / output).exists():
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        reason = lines[-1].removeprefix("slipfield: error: ")
        kinds = {status: kind for kind, status in EXIT_STATUS.items()}
        raise kinds.get(done.returncode, SlipfieldError)(f"forward run: {reason}")


def _children_cpu() -> float:
    """CPU seconds of all processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _content(path: Path) -> bytes:
    """Read what of a microstructure file decides about a run."""
    with xr.open_dataset(path) as data:
        names = ("x_mm", "y_mm", "element_grain", "euler", "size")
        return b"".join(np.ascontiguousarray(data[name].values).tobytes() for name in names)
