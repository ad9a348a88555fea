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
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import xarray as xr
from pydantic import ValidationError

from slipfield.core.errors import EXIT_STATUS, NoEquilibrium, SlipfieldError
from slipfield.core.files import open_netcdf, write_netcdf, write_text
from slipfield.core.launch import LAUNCHER
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETERS, Study
from slipfield.kinds.slip.study.constants import scaled

COMMAND = "SLIPFIELD_REFERENCE"
"""Environment variable: a command that takes the verb and its options, instead of `envs/run`."""

Report = Callable[[str], None]
"""Takes a line about a run that goes on."""


def silent(line: str) -> None:
    """Say nothing of a run that goes on."""


@dataclass
class Solver:
    """Runs one specimen at given parameters.

    Attributes
    ----------
    study, folder : the specimen's study, and the folder of its files and runs.
    seconds, cpu : wall and CPU time of each run that was made, s.
    report : takes a line at the start of each run, and every few seconds of a long one.
    """

    study: Study
    folder: Path
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    report: Report = silent

    @classmethod
    def prepare(
        cls,
        study: Study,
        microstructure: xr.Dataset,
        folder: Path,
        parent: Solver | None = None,
        report: Report = silent,
    ) -> Solver:
        """Write study and microstructure into ``folder``.

        Parameters
        ----------
        parent : solver of the same inversion, among whose runs these count; it reports, too.
        """
        write_text(folder / "study.yaml", study.as_yaml())
        write_netcdf(microstructure, folder / "microstructure.nc", study)
        if parent is None:
            return cls(study, folder, report=report)
        return cls(study, folder, parent.seconds, parent.cpu, parent.report)

    @property
    def microstructure(self) -> Path:
        """Microstructure file of the specimen."""
        return self.folder / "microstructure.nc"

    def run(self, parameters: np.ndarray, constants: Sequence[str] = ()) -> Reference:
        """Strain, load and their derivatives to the logarithms of ``parameters``.

        Parameters
        ----------
        parameters : k1, k2, k3, and factors on the first of the ``constants``; 1 for the others.
        constants : of the slip law, to which there are derivatives after those to k.

        Raises
        ------
        NoEquilibrium
            If the solver does not reach the end of the loading at these parameters, or a constant
            is beyond what its law can have.
        SlipfieldError
            If it cannot be started or fails for another reason.
        """
        values = np.ones(len(PARAMETERS) + len(constants))
        values[: len(parameters)] = parameters
        k, factors = np.split(values, [len(PARAMETERS)])
        study = _with_factors(self.study, dict(zip(constants, factors, strict=True)))
        path = self.folder / f"run-{self._key(study, k)}.nc"
        known = _constants_in(path)
        if known is not None and set(constants) <= set(known):
            with suppress(SlipfieldError):  # one that is damaged is run again
                return replace(Reference.read(path, constants), parameters=values)
        every = [*(known or ()), *(c for c in constants if c not in (known or ()))]
        started, used = time.perf_counter(), _children_cpu()
        self._start(study, k, every, path)
        self.seconds.append(time.perf_counter() - started)
        self.cpu.append(_children_cpu() - used)
        return replace(Reference.read(path, constants), parameters=values)

    def key(self, parameters: np.ndarray) -> str:
        """Name of the run at k1, k2, k3, made from all that determines its fields."""
        return self._key(self.study, parameters)

    def _key(self, study: Study, k: np.ndarray) -> str:
        digest = hashlib.sha256(study.model_dump_json().encode())
        digest.update(_content(self.microstructure))
        digest.update(np.asarray(k, dtype=float).tobytes())
        return digest.hexdigest()[:16]

    def _start(self, study: Study, k: np.ndarray, constants: Sequence[str], output: Path) -> None:
        config = self.folder / "study.yaml"
        if study is not self.study:
            config = output.with_suffix(".yaml")
            write_text(config, study.as_yaml())
        files = {"config": config.name, "microstructure": "microstructure.nc"}
        more = ["--parameters", *(repr(float(value)) for value in k)]
        for name in constants:
            more += ["--also", name]
        mesh, name = self.study.specimen, f"forward run {len(self.seconds) + 1}"
        self.report(f"{name}, {mesh.cells_x} x {mesh.cells_y} elements")

        def report(line: str) -> None:
            self.report(f"{name}: output {line}")

        start_verb("reference", self.folder, files, output.name, more, report)


def _with_factors(study: Study, factors: Mapping[str, float]) -> Study:
    """Study whose constants are multiplied; the same one if all factors are 1."""
    material = study.material
    for name, factor in factors.items():
        if factor == 1:
            continue
        try:
            material = scaled(material, name, factor)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise NoEquilibrium(f"{name}: {factor:.3g} times its value: {reason}") from error
    return study if material is study.material else study.model_copy(update={"material": material})


def _constants_in(path: Path) -> list[str] | None:
    """Constants that a run has derivatives to; None where there is no file, or a damaged one."""
    if not path.exists():
        return None
    with suppress(SlipfieldError, KeyError), open_netcdf(path) as data:
        labels = [str(label).removeprefix("ln_") for label in data["parameter"].values]
        return labels[len(PARAMETERS) :]
    return None


def start_verb(
    verb: str,
    folder: Path,
    files: Mapping[str, str],
    output: str,
    more: Sequence[str] = (),
    report: Report = silent,
) -> None:
    """Run a verb of the solver on files of a folder.

    Parameters
    ----------
    files : names in ``folder`` by option.  output : name of what the verb writes there.
    more : further arguments.
    report : takes what the verb says of its progress while there is time left, without its name.

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
    status, lines = _run([*command, *more], environment, f"{verb}: ", report)
    if status or not (folder / output).exists():
        reason = (lines or [f"exit code {status}"])[-1].removeprefix("slipfield: error: ")
        kinds = {status: kind for kind, status in EXIT_STATUS.items()}
        raise kinds.get(status, SlipfieldError)(f"forward run: {reason}")


def _run(
    command: Sequence[str], environment: Mapping[str, str], progress: str, report: Report
) -> tuple[int, list[str]]:
    """Exit status of a command, and its lines on standard error that are not about progress.

    Parameters
    ----------
    progress : how lines about it begin.
    """
    kept = []
    try:
        with subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
        ) as process:
            assert process.stderr is not None
            try:
                for line in map(str.strip, process.stderr):
                    if not line.startswith(progress):
                        kept += [line] if line else []
                    elif line.endswith("left"):
                        report(line.removeprefix(progress))
            except BaseException:
                process.kill()
                raise
    except OSError as error:
        raise SlipfieldError(f"{command[0]}: cannot be started: {error}") from error
    return process.returncode, kept


def _children_cpu() -> float:
    """CPU seconds of all processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _content(path: Path) -> bytes:
    """Read what of a microstructure file decides about a run."""
    with xr.open_dataset(path) as data:
        names = ("x_mm", "y_mm", "element_grain", "euler", "size")
        return b"".join(np.ascontiguousarray(data[name].values).tobytes() for name in names)
