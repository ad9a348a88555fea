"""Simulated tests as the measurement files of a laboratory, with the noise of instruments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.reading import read_json
from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.laboratory import Instruments, write_laboratory
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.measure.specimen_file import write_specimen
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETERS, Noise, Study

NOISE = Noise(strain_std=5e-4, load_relative_std=5e-3)
POINTS_PER_CELL, PIXELS_PER_CELL = 2, 6
GRAIN_OPTIONS: Mapping[str, Any] = {"threshold_deg": 2.0}
"""Options with which the orientation map of a folder of :func:`write_measured` is imported."""


def write_measured(
    run: Reference,
    truth: np.ndarray,
    grains: xr.Dataset,
    study: Study,
    cell_mm: float,
    seed: int,
    folder: Path,
) -> None:
    """Write the files of one test into a folder.

    Parameters
    ----------
    run : what is measured.
    truth : (3,) its k1, k2, k3.
    cell_mm : element that points and pixels are counted by.
    seed : of the noise.
    """
    named = dict(zip(PARAMETERS, truth, strict=True))
    one = xr.Dataset(
        {
            "strain": (("time", "component", "y", "x"), run.strain),
            "load": ("time", run.load),
            "time": ("time", run.time),
            "displacement": ("time", run.displacement),
            **{name: ((), value) for name, value in named.items()},
        }
    )
    instruments = Instruments(
        cell_mm / POINTS_PER_CELL,
        cell_mm / PIXELS_PER_CELL,
        NOISE.strain_std,
        NOISE.load_relative_std,
        seed,
    )
    write_laboratory(one, grains, study, instruments, folder)


def strain_options(folder: Path) -> dict[str, Any]:
    """Options with which the strain maps of a folder of :func:`write_measured` are imported."""
    facts = read_json(folder / "truth.json", "the bench")
    times = (
        {"times": folder / facts["times"]}
        if "times" in facts
        else {"interval": facts["interval_s"]}
    )
    return {
        **times,
        "scale": facts["scale_mm_per_pixel"],
        "sheet": tuple(facts["sheet_mm"]),
        "outline": folder / "outline.csv",
        "thickness": facts["thickness_mm"],
    }


def read_measured(folder: Path, strain: Mapping[str, Any] | None = None) -> xr.Dataset:
    """Read strain maps and load of a folder of :func:`write_measured`.

    Parameters
    ----------
    strain : options of the strain maps, by default :func:`strain_options`.

    Raises
    ------
    SlipfieldError
        If the import refuses the files or the options.
    """
    options = StrainOptions(**(strain_options(folder) if strain is None else strain))
    data = import_strain(sorted((folder / "dic").glob("*.csv")), options)
    return add_load(data, folder / "load.csv", None, 0.0, None)


def import_measured(
    folder: Path,
    specimen: Path,
    strain: Mapping[str, Any] | None = None,
    grains: Mapping[str, Any] = GRAIN_OPTIONS,
) -> None:
    """Import a folder of :func:`write_measured`; the specimen file replaces one that is there.

    Parameters
    ----------
    strain : as :func:`read_measured` takes it.

    Raises
    ------
    SlipfieldError
        If the import refuses the files or the options.
    """
    data = read_measured(folder, strain)
    data = add_orientation_map(data, folder / "grains.ctf", GrainOptions(**grains))
    specimen.unlink(missing_ok=True)
    write_specimen(data, specimen)
