"""What a search may ask of sheets: how well they tell k1, k2, k3, how strong and even they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.errors import NoEquilibrium, SlipfieldError
from slipfield.core.kind import Evaluation, Trial
from slipfield.kinds.slip.inversion.forward import Solver, start_verb
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.specimen_design.information import (
    information,
    localisation,
    standard_errors,
)
from slipfield.kinds.slip.specimen_design.variables import VARIABLES, designed
from slipfield.kinds.slip.study import PARAMETERS, Study

WORST = "worst_error_ln_k"
ERRORS = tuple(f"error_ln_{name}" for name in PARAMETERS)
LOAD, LOCALISATION = "load_N", "localisation"
OUTPUTS = (WORST, *ERRORS, LOAD, LOCALISATION)
"""Standard errors of ln k, load at the end, N, and localisation of the strain there."""

TOGETHER = 10
"""Designs that one process of the solver pulls: its start takes as long as a coarse run."""


def evaluate(study: Study, trials: Sequence[Trial]) -> Iterator[dict[str, float] | SlipfieldError]:
    """Outputs of designs at the centre of the sampling box, each a mean over fresh grain maps.

    Parameters
    ----------
    trials : variables of a design and the seed of its grain maps. There are
        ``specimen.microstructures`` of them; with two or more, NAME_std is the standard deviation
        of the mean.

    Yields
    ------
    dict or SlipfieldError
        The latter if a design is refused or a run does not reach the end of its loading.

    Raises
    ------
    SlipfieldError
        If the solver cannot be started, or fails for another reason, as of a full disk.
    """
    for first in range(0, len(trials), TOGETHER):
        sheets: list[Sheet | SlipfieldError] = []
        for values, seed in trials[first : first + TOGETHER]:
            try:
                sheets.append(Sheet.made(designed(study, values, 1000 * seed)))
            except SlipfieldError as error:
                sheets.append(error)
        good = [each for each in sheets if isinstance(each, Sheet)]
        with tempfile.TemporaryDirectory(prefix="slipfield-design-") as folder:
            pulled = iter(pull(good, Path(folder)))
            for sheet in sheets:
                yield _told(sheet.study, next(pulled)) if isinstance(sheet, Sheet) else sheet


@dataclass(frozen=True)
class Sheet:
    """A study of sheets, and their grain maps."""

    study: Study
    maps: Sequence[xr.Dataset]

    @classmethod
    def made(cls, study: Study) -> Sheet:
        """Make the grain maps of a study; a SlipfieldError if one cannot be made."""
        count = study.specimen.microstructures
        return cls(study, [make_microstructure(study, number) for number in range(count)])


def pull(sheets: Sequence[Sheet], folder: Path) -> list[list[Reference] | SlipfieldError]:
    """Runs with sensitivities of all grain maps of each sheet; an error where one has no end.

    One process of the solver makes them all. It ends at a run that does not reach the end of its
    loading: another one goes on after that sheet.

    Raises
    ------
    SlipfieldError
        If the solver cannot be started, or fails for another reason.
    """
    runs = [_prepared(sheet, folder, number) for number, sheet in enumerate(sheets)]
    found: list[list[Reference] | SlipfieldError] = []
    while len(found) < len(sheets):
        (config, grains, output), *others = [each for own in runs[len(found) :] for each in own]
        more = [
            str(part)
            for names in others
            for option, name in zip(("config", "microstructure", "output"), names, strict=True)
            for part in (f"--{option}", (folder / name).resolve())
        ]
        files, reason = {"config": config, "microstructure": grains}, None
        try:
            start_verb("reference", folder, files, output, more)
        except NoEquilibrium as error:
            reason = error
        for own in runs[len(found) :]:
            if not all((folder / name).exists() for _, _, name in own):
                if reason is None:
                    raise SlipfieldError("forward run: not written")
                found.append(reason)
                break
            found.append([Reference.read(folder / name) for _, _, name in own])
    return found


def _prepared(sheet: Sheet, folder: Path, number: int) -> list[tuple[str, str, str]]:
    """Names in ``folder`` of study, grain map and run of each grain map of a sheet."""
    names = []
    for index, grain_map in enumerate(sheet.maps):
        own = f"{number}-{index}"
        solver = Solver.prepare(sheet.study, grain_map, folder / own)
        study, grains = f"{own}/study.yaml", f"{own}/{solver.microstructure.name}"
        names.append((study, grains, f"{own}/run.nc"))
    return names


def _told(
    sheet: Study, runs: list[Reference] | SlipfieldError
) -> dict[str, float] | SlipfieldError:
    """Means over grain maps and their standard deviations, or why there are none."""
    if isinstance(runs, SlipfieldError):
        return runs
    try:
        rows = [_of_one(sheet, run) for run in runs]
    except SlipfieldError as error:
        return error
    table = {name: np.array([row[name] for row in rows]) for name in OUTPUTS}
    found = {name: float(values.mean()) for name, values in table.items()}
    if len(rows) > 1:
        root = len(rows) ** 0.5
        found |= {f"{n}_std": float(v.std(ddof=1) / root) for n, v in table.items()}
    return found


def _of_one(sheet: Study, run: Reference) -> dict[str, float]:
    specimen = sheet.specimen
    if not (run.load > 0).all():
        raise SlipfieldError("load: not positive at all outputs; unload by less")
    cell = (specimen.width_mm * specimen.height_mm / specimen.cells_x / specimen.cells_y) ** 0.5
    fisher = information(run, cell, sheet.noise)
    errors = standard_errors(fisher, np.array(sheet.sampling.box))
    return {
        WORST: float(errors.max()),
        **dict(zip(ERRORS, errors.tolist(), strict=True)),
        LOAD: float(run.load[-1]),
        LOCALISATION: localisation(run.strain[-1, 1]),
    }


SHEET = Evaluation(inputs=VARIABLES, outputs=OUTPUTS, run=evaluate)
"""The evaluation ``sheet`` of this kind."""
