"""Study file of hardness."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import Field, field_validator

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import load_study_as
from slipfield.core.section import Section, Whole
from slipfield.core.study import BaseStudy, with_content
from slipfield.kinds.hardness.models import MODELS, QUICK
from slipfield.kinds.hardness.table import LawSettings, read_table, rendered_table


class TableSettings(Section):
    """Where the alloys come from."""

    file: str | None = Field(None, description="Table of measured alloys (CSV); none: rendered.")
    scatter_HV: float = Field(3.0, ge=0, description="Scatter of rendered hardness, HV.")
    seed: Whole = Field(0, ge=0, description="Seed of the rendered table, 1.")
    law: LawSettings = Field(default_factory=LawSettings)


class ValidationSettings(Section):
    """Models that are left one alloy, and one composition, at a time."""

    models: tuple[str, ...] = Field(tuple(MODELS), min_length=1, description="Models compared.")
    choice: tuple[str, ...] = Field(
        QUICK, min_length=1, description="Of them, those that the nested choice is between."
    )
    draws: Whole = Field(2000, ge=100, description="Bootstrap draws of an interval, 1.")
    seed: Whole = Field(0, ge=0, description="Seed of draws, 1.")

    @field_validator("models", "choice", mode="after")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in value if name not in MODELS]:
            raise ValueError(f"given {', '.join(unknown)}; expected of {', '.join(MODELS)}")
        return value


class HardnessStudy(BaseStudy):
    """Hardness of alloys from composition and microstructure."""

    PHYSICS: ClassVar[tuple[str, ...]] = ("table",)

    kind: Literal["hardness"] = Field(description="Kind of study.")
    table: TableSettings = Field(default_factory=TableSettings)
    validation: ValidationSettings = Field(default_factory=ValidationSettings)

    def physics(self) -> dict[str, Any]:
        """The table's settings, and the content of a user's table."""
        return with_content(super().physics(), self.table.file)


def study_table(study: HardnessStudy) -> pd.DataFrame:
    """Table of a study, read or rendered.

    Raises
    ------
    SlipfieldError
        If the user's table is not in order.
    """
    settings = study.table
    if settings.file is not None:
        return read_table(Path(settings.file))
    return rendered_table(settings.law, settings.scatter_HV, settings.seed)


def check(study: HardnessStudy) -> None:
    """Refuse a table that cannot be read, and a choice between models that are not compared."""
    study_table(study)
    if others := set(study.validation.choice) - set(study.validation.models):
        raise SlipfieldError(
            f"validation.choice: given {', '.join(sorted(others))}; "
            f"expected of validation.models ({', '.join(study.validation.models)})"
        )


def load_hardness_study(path: Path) -> HardnessStudy:
    """Read and check a study file.

    Raises
    ------
    SlipfieldError
        If it is of another kind or not in order.
    """
    study = load_study_as(HardnessStudy, path)
    check(study)
    return study
