"""The study of stress-strain curves: table of alloys, tension test, grid, learners."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from slipfield.core.kind import load_study_as
from slipfield.core.section import Section, Whole
from slipfield.core.study import BaseStudy, with_content

Setting = Annotated[Whole, Field(ge=1, le=5)]
LearnerName = Literal["rule", "forest", "network"]
GroupName = Literal["group1", "group2", "group3"]
Length = Annotated[float, Field(gt=0)]


class Table(Section):
    """The alloys."""

    file: str = Field("", description="CSV of alloys; without it, the 106 of the paper.")
    first: Whole = Field(0, ge=0, description="Rows to take, 1; 0 is all.")

    @property
    def path(self) -> Path | None:
        """The user's table, or None."""
        return Path(self.file) if self.file else None


class Tension(Section):
    """The simulated tension test; its defaults are specimen P5 of GB/T 228.1."""

    width_mm: Length = Field(12.5, description="Width of the parallel length, mm.")
    thickness_mm: Length = Field(3.0, description="Thickness, mm.")
    gauge_length_mm: Length = Field(50.0, description="Of the extensometer, mm.")
    parallel_length_mm: Length = Field(75.0, description="Parallel length, mm.")
    radius_mm: Length = Field(20.0, description="Of the transition to the grip, mm.")
    grip_width_mm: Length = Field(20.0, description="Width of the grip, mm.")
    taper: float = Field(
        0.002, ge=0, le=0.05, description="Relative loss of width at the middle, where it necks, 1."
    )
    space: Literal["plane", "solid"] = Field(
        "plane", description="A quarter in plane stress, or an eighth in three dimensions."
    )
    strain: Literal["finite", "small"] = Field("finite", description="Strain measure.")
    refinement: Whole = Field(1, ge=1, le=8, description="Elements in each direction, relative, 1.")
    largest_elongation_mm: Length = Field(60.0, description="Where a test ends at the latest, mm.")
    paper_elongation_mm: Length = Field(
        15.0, description="Elongation at which the report counts necked specimens, mm."
    )
    alloys_per_job: Whole = Field(27, ge=1, description="Tests that one job runs, 1.")

    @model_validator(mode="after")
    def _shape(self) -> Tension:
        if not self.gauge_length_mm < self.parallel_length_mm:
            raise ValueError("gauge_length_mm must be below parallel_length_mm")
        rise = (self.grip_width_mm - self.width_mm) / 2
        if not 0 < rise <= self.radius_mm:
            raise ValueError(
                "grip_width_mm must be above width_mm by at most twice radius_mm, got "
                f"{self.grip_width_mm:g} and {self.width_mm:g}"
            )
        return self


class Grid(Section):
    """Points of the curves that learners see."""

    points: Whole = Field(60, ge=10, le=512, description="Points of a curve, 1.")
    true_strain_to: float = Field(0.18, gt=0, le=1, description="True strain of the last point, 1.")
    beyond_necking: Literal["left_out", "kept"] = Field(
        "left_out", description="Points beyond Considère's strain in training and scores."
    )


class Learning(Section):
    """Learners and how they are tested."""

    learners: tuple[LearnerName, ...] = Field(
        ("rule", "forest", "network"), min_length=1, description="The rule, and our own learners."
    )
    settings: tuple[Setting, ...] = Field(
        (1, 2, 3, 4, 5), min_length=1, description="Feature settings of the paper's table 2, 1."
    )
    schemes: tuple[Literal["groups", "random", "one_out", "class_out"], ...] = Field(
        ("groups", "random", "one_out", "class_out"),
        min_length=1,
        description="The paper's groups, random splits, leave one alloy or one class out.",
    )
    left_out_settings: tuple[Setting, ...] = Field(
        (4,), description="Settings in which one alloy, or one class, is left out, 1."
    )
    random_splits: Whole = Field(9, ge=0, le=100, description="Random splits, 1.")
    seed: Whole = Field(0, ge=0, lt=2**32, description="Seed of splits and learners, 1.")


class Published(Section):
    """The published network: which of its trainings are run."""

    settings: tuple[Setting, ...] = Field((1,), description="Feature settings, 1.")
    groups: tuple[GroupName, ...] = Field(("group2",), description="Test groups of the paper.")
    epochs: Whole = Field(100, ge=1, description="Passes over the training curves, 1.")
    threads: Whole = Field(1, ge=1, le=256, description="Threads of a training, 1.")


class CurvesStudy(BaseStudy):
    """A study of stress-strain curves."""

    PHYSICS: ClassVar[tuple[str, ...]] = ("table", "tension")

    kind: Literal["curves"] = Field("curves", description="Kind of study.")
    table: Table = Field(default_factory=Table)
    tension: Tension = Field(default_factory=Tension)
    grid: Grid = Field(default_factory=Grid)
    learning: Learning = Field(default_factory=Learning)
    published: Published = Field(default_factory=Published)

    def physics(self) -> dict[str, Any]:
        """What changes a simulated value, a user's table included; grouping into jobs does not."""
        content = super().physics()
        for field in ("alloys_per_job", "paper_elongation_mm"):
            del content["tension"][field]
        return with_content(content, self.table.path)


def load_curves_study(path: str | Path) -> CurvesStudy:
    """Read and check a study file of this kind.

    Raises
    ------
    SlipfieldError
        One line that names the file, the field, what was given and what is allowed.
    """
    return load_study_as(CurvesStudy, path)
