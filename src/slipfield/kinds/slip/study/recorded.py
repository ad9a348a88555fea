"""The study that a file of ours records."""

from __future__ import annotations

from pathlib import Path

import xarray as xr
from pydantic import ValidationError

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.study.study import Study


def check_specimen(data: xr.Dataset, path: str | Path, study: Study) -> None:
    """Refuse a grain map of another specimen; material, loading and solver do not matter to it.

    Raises
    ------
    SlipfieldError
        Naming the first field of ``specimen`` that differs from the study's.
    """
    made, ours = (
        each.specimen.model_dump(exclude={"microstructures"})
        for each in (study_of(data, path), study)
    )
    for name, value in made.items():
        if ours[name] != value:
            raise SlipfieldError(
                f"{path}: made with specimen.{name} = {value}, but the study has {ours[name]}; "
                "make the grain map with this config"
            )


def study_of(data: xr.Dataset, path: str | Path) -> Study:
    """Study configuration recorded in a file of ours.

    Raises
    ------
    SlipfieldError
        If the file carries no study or one that this version cannot read.
    """
    try:
        return Study.model_validate_json(data.attrs["study"])
    except (KeyError, ValidationError) as error:
        raise SlipfieldError(
            f"{path}: no readable attribute 'study': not a file of ours"
        ) from error
