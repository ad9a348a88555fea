"""Runs measurements of the solver in their own environment, one process each."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_netcdf, write_text
from slipfield.core.launch import LAUNCHER
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import Study

_numbers = itertools.count()


@dataclass(frozen=True)
class Specimen:
    """A study with its first grain map, as files that a measurement can read."""

    study: Study
    config: Path
    microstructure: Path

    @classmethod
    def make(cls, cells: int, grains: int, folder: Path) -> Specimen:
        """Write the default specimen with cells x cells elements into ``folder``."""
        specimen = {"cells_x": cells, "cells_y": cells, "grains": grains}
        study = Study(name="bench", specimen=specimen)
        config, microstructure = folder / f"{cells}.yaml", folder / f"{cells}.nc"
        write_text(config, study.model_dump_json())
        write_netcdf(make_microstructure(study, 0), microstructure, study)
        return cls(study, config, microstructure)


class Measurement:
    """A measurement that is running in the simulate environment.

    Parameters
    ----------
    kind : "batch" or "variants".
    specimen : what is simulated.
    repeats : samples of each kind.
    ranks : MPI ranks.
    environment : further environment variables.
    """

    def __init__(
        self,
        kind: str,
        specimen: Specimen,
        repeats: int,
        ranks: int = 1,
        environment: Mapping[str, str] | None = None,
    ):
        self._output = specimen.microstructure.with_name(f"result-{next(_numbers)}.json")
        command = [LAUNCHER, "--ranks", ranks, "bench-solver", kind]
        command += ["--config", specimen.config, "--microstructure", specimen.microstructure]
        command += ["--repeats", repeats, "--output", self._output]
        try:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                env={**os.environ, **(environment or {})},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise SlipfieldError(f"{LAUNCHER}: cannot be run: {error}") from error

    def result(self) -> dict[str, Any]:
        """Wait for the measurement and give what it found.

        Raises
        ------
        SlipfieldError
            If it failed.
        """
        _, messages = self._process.communicate()
        if self._process.returncode:
            lines = messages.strip().splitlines() or ["no message"]
            raise SlipfieldError(f"bench-solver failed: {lines[-1]}")
        return json.loads(self._output.read_text())
