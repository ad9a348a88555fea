"""The whole study: its sections, what must hold between them, and reading it from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from slipfield.core.study import BaseStudy, check_study_as
from slipfield.core.yaml_input import read_yaml
from slipfield.kinds.slip.models import MODELS
from slipfield.kinds.slip.study.constants import CONSTANTS, SATURATION
from slipfield.kinds.slip.study.learning import CrossValidation, Curves, Learning, Noise, Sweep
from slipfield.kinds.slip.study.physics import Loading, Material, Solid, Solver, Specimen, Thickness
from slipfield.kinds.slip.study.sampling import Execution, Sampling

FORMER_VALUES: dict[tuple[str, str], Any] = {
    ("material", "slip_family"): "fcc",
    ("material", "hardening"): "linear",
    ("loading", "output_times_s"): None,
}
"""Fields that are younger than the physics hash, and the value that files without them were made
with: while a field has that value, the hash leaves it out and those files stay valid."""


class Study(BaseStudy):
    """One whole study: from the specimen to the cross-validated inverter."""

    PHYSICS: ClassVar[tuple[str, ...]] = ("specimen", "material", "loading", "solver")

    kind: Literal["slip"] = Field("slip", description="Kind of study; without it, slip.")
    specimen: Specimen = Field(default_factory=Specimen)
    material: Material = Field(default_factory=Material)
    sampling: Sampling = Field(default_factory=Sampling)
    loading: Loading = Field(default_factory=Loading)
    solver: Solver = Field(default_factory=Solver)
    solid: Solid | None = Field(
        None,
        description="Simulate the sheet in three dimensions; without it, as a membrane of columns "
        "that shears freely across its thickness.",
    )
    execution: Execution = Field(default_factory=Execution)
    noise: Noise = Field(default_factory=Noise)
    learning: Learning = Field(default_factory=Learning)
    crossval: CrossValidation = Field(default_factory=CrossValidation)
    sweep: Sweep = Field(default_factory=Sweep)
    curves: Curves = Field(default_factory=Curves)
    thickness: Thickness = Field(default_factory=Thickness)

    @model_validator(mode="after")
    def _enough_samples(self) -> Study:
        if self.sampling.samples < self.specimen.microstructures:
            raise ValueError("sampling.samples must be at least specimen.microstructures")
        if self.crossval.folds > self.sampling.samples:
            raise ValueError("crossval.folds must be at most sampling.samples")
        maps = self.specimen.microstructures
        if self.learning.split == "microstructure" and maps < 3:
            raise ValueError(
                "learning.split: 'microstructure' needs specimen.microstructures of 3 or more "
                f"(training, validation, test), got {maps}; use 'random'"
            )
        if "microstructure" in self.crossval.groupings and maps < self.crossval.folds:
            raise ValueError(
                f"crossval.grouping: {self.crossval.grouping!r} needs as many "
                f"specimen.microstructures as crossval.folds, got {maps} for {self.crossval.folds}"
            )
        held = -(-maps // self.crossval.folds)
        if "microstructure" in self.crossval.groupings and maps - held < 2:
            raise ValueError(
                f"crossval.folds: {self.crossval.folds} folds of {maps} microstructures hold out "
                f"{held} and leave fewer than two, for training and validation; use more of either"
            )
        return self

    @model_validator(mode="after")
    def _hardening_of_the_models(self) -> Study:
        given = self.material.hardening
        suited = [name for name, model in MODELS.items() if model.hardening in ("", given)]
        for name in self.models:
            if name not in suited:
                raise ValueError(
                    f"learning.model and crossval.models: {name!r} rests on "
                    f"{MODELS[name].hardening} hardening, but material.hardening is {given!r}; "
                    f"use {' or '.join(map(repr, suited))}"
                )
        return self

    @model_validator(mode="after")
    def _an_element_for_each_rank(self) -> Study:
        ranks = self.execution.ranks_per_sample
        elements = self.specimen.cells_x * self.specimen.cells_y
        if ranks > elements:
            raise ValueError(
                f"execution.ranks_per_sample: given {ranks}; the mesh has {elements} elements"
            )
        return self

    @property
    def forward_model(self) -> str:
        """What simulates a sample: 'membrane' or 'solid'."""
        return "solid" if self.solid else "membrane"

    def as_solid(self) -> Study:
        """Copy of the study in three dimensions, by its own section or by the defaults."""
        return self if self.solid else self.model_copy(update={"solid": Solid()})

    @property
    def models(self) -> tuple[str, ...]:
        """Inverters that the study trains: the one of ``learning`` first."""
        return tuple(dict.fromkeys((self.learning.model, *self.crossval.models)))

    def physics(self) -> dict[str, Any]:
        """What the physics hash is made of.

        How many grain maps there are does not change a field. (Which samples lie on which map it
        does change, so that a study with more maps is designed and simulated anew.) A field of
        :data:`FORMER_VALUES` counts once it differs from the value there, and the constants of
        saturating hardening where it is chosen.
        """
        content = super().physics()
        del content["specimen"]["microstructures"]
        if self.material.hardening == "linear":
            for constant in SATURATION:
                for field in CONSTANTS[constant]:
                    del content["material"][field]
        for (section, field), value in FORMER_VALUES.items():
            if content[section][field] == value:
                del content[section][field]
        if self.solid:
            content["solid"] = self.solid.model_dump(mode="json")
        return content


def load_study(path: str | Path) -> Study:
    """Read and check a study file.

    Raises
    ------
    SlipfieldError
        One line that names the file, the field, what was given and what is allowed.
    """
    return check_study(read_yaml(path), str(path))


def check_study(content: dict[str, Any], source: str) -> Study:
    """Turn a mapping into a :class:`Study`; ``source`` names it in error messages."""
    return check_study_as(Study, content, source)
