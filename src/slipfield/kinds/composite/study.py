"""The study file of composites: every field with unit, default and check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from slipfield.core.errors import SlipfieldError
from slipfield.core.section import Range, Section, Whole
from slipfield.core.study import BaseStudy, check_study_as
from slipfield.core.yaml_input import read_yaml
from slipfield.kinds.composite.defaults import DEGREE
from slipfield.kinds.composite.geometry import CELLS
from slipfield.kinds.composite.paper import BOUNDS, TARGET
from slipfield.kinds.composite.parameters import check_bounds, with_holes
from slipfield.kinds.composite.targets import Target, parse_tolerances

Count = Annotated[Whole, Field(ge=1, le=100_000)]


class CellSettings(Section):
    """The cell and its discretisation."""

    array: Literal["square", "hexagonal"] = Field("square", description="Fibre array.")
    inclusions: Literal["fibres", "holes"] = Field(
        "fibres",
        description="What stands in the matrix; bounds and tolerances of holes are unused.",
    )
    degree: Whole = Field(
        DEGREE, ge=2, le=12, description="Polynomial degree of shape functions and curved cells, 1."
    )

    @property
    def void(self) -> bool:
        """Whether the matrix has holes instead of fibres."""
        return self.inclusions == "holes"


class Bounds(Section):
    """Ranges of the parameters within which boxes are looked for; [3.5, 3.5] gives one number."""

    em_GPa: Range = Field((2.0, 8.0), description="Young's modulus of the matrix, GPa.")
    num: Range = Field((0.3, 0.4), description="Poisson's ratio of the matrix, 1.")
    ef_GPa: Range = Field((50.0, 450.0), description="Young's modulus of the fibre, GPa.")
    nuf: Range = Field((0.2, 0.35), description="Poisson's ratio of the fibre, 1.")
    fraction: Range = Field((0.2, 0.4), description="Fibre fraction, 1.")

    @model_validator(mode="after")
    def _ordered(self) -> Bounds:
        for name in type(self).model_fields:
            low, high = getattr(self, name)
            if not low <= high:
                raise ValueError(
                    f"{name} must be [low, high] with low <= high, got [{low}, {high}]"
                )
        return self

    def array(self) -> np.ndarray:
        """Bounds (2, 5) in the order of the parameters."""
        return np.array([getattr(self, name) for name in type(self).model_fields], float).T


class TargetSettings(Section):
    """Bounds that one effective constant must keep."""

    constant: str = Field(description="C11 to C55, E1, E2, G12, G23, nu12 or nu23.")
    low: float = Field(description="Lower bound, GPa (1 for Poisson's ratios).")
    high: float = Field(description="Upper bound, GPa (1 for Poisson's ratios).")

    @model_validator(mode="after")
    def _possible(self) -> TargetSettings:
        try:
            self.target()
        except SlipfieldError as error:
            raise ValueError(str(error)) from error
        return self

    def target(self) -> Target:
        """The target as designs use it."""
        return Target(self.constant, self.low, self.high)


class SurrogateSettings(Section):
    """The reduced basis, and the points on which surrogates are compared."""

    solves: Count = Field(16, description="Cells solved for the reduced basis, 1.")
    compared: tuple[Count, ...] = Field(
        (4, 8, 10, 12, 16, 24), min_length=1, description="Sizes of the basis in the comparison, 1."
    )
    test_points: Count = Field(60, description="Sobol points of the comparison, 1.")
    seed: Whole = Field(0, ge=0, description="Seed of snapshots and Sobol points, 1.")


class DesignSettings(Section):
    """Searches for boxes."""

    seed: Whole = Field(0, ge=0, description="Seed of starts and draws, 1.")
    draws: Whole = Field(10_000, ge=0, description="Materials drawn from each box, 1.")
    tolerances: dict[str, str] = Field(
        {"em": "2.5%", "num": "0.003", "ef": "5%", "nuf": "0.01", "fraction": "0.005"},
        description="Plus or minus this, or this share, of a parameter: '0.01' or '5%'.",
    )
    front_width: float = Field(
        0.2,
        gt=0,
        le=1,
        description="Smallest normalised width at which the front ends, 1. Where the widest box is "
        "wider, it ends at twice that.",
    )
    front_distance_GPa: float = Field(
        2.5, gt=0, description="Distance that bounds the hypervolume, GPa."
    )

    @field_validator("tolerances", mode="after")
    @classmethod
    def _readable(cls, value: dict[str, str]) -> dict[str, str]:
        try:
            parse_tolerances(list(value.items()))
        except SlipfieldError as error:
            raise ValueError(str(error)) from error
        return value


class BaselineSettings(Section):
    """The evolutionary algorithm that stands beside the search (NSGA-II of pymoo)."""

    runs: Count = Field(10, description="Runs with different seeds, 1.")
    population: Count = Field(100, description="Individuals, 1.")
    generations: Count = Field(200, description="Generations, 1.")


class CompositeStudy(BaseStudy):
    """One study of composites: from cells to boxes that keep their targets."""

    PHYSICS: ClassVar[tuple[str, ...]] = ("cell",)

    kind: Literal["composite"] = Field(description="Kind of study.")
    cell: CellSettings = Field(default_factory=CellSettings)
    bounds: Bounds = Field(default_factory=Bounds)
    targets: tuple[TargetSettings, ...] = Field(
        (TargetSettings(constant="C22", low=15.2, high=16.8),),
        min_length=1,
        description="Bounds of effective constants; all must hold.",
    )
    surrogate: SurrogateSettings = Field(default_factory=SurrogateSettings)
    design: DesignSettings = Field(default_factory=DesignSettings)
    baselines: BaselineSettings = Field(default_factory=BaselineSettings)

    @model_validator(mode="after")
    def _possible(self) -> CompositeStudy:
        try:
            check_bounds(self.bounds.array(), CELLS[self.cell.array].packing, self.cell.void)
        except SlipfieldError as error:
            raise ValueError(f"bounds.{error}") from error
        names = [target.constant for target in self.targets]
        if len(set(names)) < len(names):
            raise ValueError("targets: a constant is given twice; keep one of them")
        return self

    @property
    def is_published(self) -> bool:
        """Whether this asks what the published study asks; only then stands that beside it."""
        targets = [target.target() for target in self.targets]
        same = targets == [TARGET] and (self.bounds.array() == BOUNDS).all()
        return bool(same) and self.cell.array == "square" and not self.cell.void

    def box(self) -> np.ndarray:
        """Bounds (2, 5) of the parameters, in which the stiffness of holes is 0."""
        return with_holes(self.bounds.array()) if self.cell.void else self.bounds.array()


def load_study(path: str | Path) -> CompositeStudy:
    """Read and check a study file of this kind.

    Raises
    ------
    SlipfieldError
        One line that names the file, the field, what was given and what is allowed.
    """
    return check_study(read_yaml(path), str(path))


def check_study(content: dict[str, Any], source: str) -> CompositeStudy:
    """Turn a mapping into a study; ``source`` names it in error messages."""
    return check_study_as(CompositeStudy, content, source)
