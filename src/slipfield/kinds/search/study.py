"""The study file of a search: variables, objectives, constraints, who evaluates, how long."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from slipfield.core.kind import KINDS, Kind, kind_named, load_study_as
from slipfield.core.section import Section, Whole
from slipfield.core.study import BaseStudy

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
RESERVED = frozenset({"trial", "status", "reason"})
"""Columns of the tables of trials beside variables and outputs."""

STD = "_std"
"""Ending of the column that holds the standard deviation of an output's noise."""


class Variable(Section):
    """A variable of the design, with its bounds."""

    name: Name = Field(description="Name, with the unit at its end where it has one.")
    low: float = Field(description="Lower bound, in the variable's unit.")
    high: float = Field(description="Upper bound, in the variable's unit.")
    units: str = Field("1", description="Unit, as shown.")
    scale: Literal["linear", "log"] = Field("linear", description="How the range is spread.")
    values: Literal["real", "whole"] = Field("real", description="Real numbers, or whole ones.")

    @model_validator(mode="after")
    def _ordered(self) -> Variable:
        if not self.low < self.high:
            raise ValueError(f"{self.name}: low must be below high, got {self.low}, {self.high}")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"{self.name}: low must be above 0 on a log scale, got {self.low}")
        if self.values == "whole" and any(end != round(end) for end in (self.low, self.high)):
            raise ValueError(f"{self.name}: bounds must be whole numbers, as its values are")
        return self


class Objective(Section):
    """A number to make as small or as large as possible."""

    name: Name = Field(description="Name of the output, with the unit at its end if it has one.")
    goal: Literal["minimise", "maximise"] = Field(description="What is better.")
    units: str = Field("1", description="Unit, as shown.")
    noise_std: float | None = Field(
        None,
        ge=0,
        description="Standard deviation of one trial, in the objective's unit; default: learnt "
        "from the trials, or a column NAME_std of them.",
    )
    scale: Literal["linear", "log"] = Field(
        "linear",
        description="What its model is made of: the values, or their logarithms, for values above "
        "0 of which ratios count.",
    )
    reference: float | None = Field(
        None,
        description="Worst value that still counts in the hypervolume of several objectives, in "
        "the objective's unit; default: a tenth of the range beyond the worst of the front.",
    )


class Constraint(Section):
    """An output that has to stay within bounds."""

    name: Name = Field(description="Name of the output, with the unit at its end if it has one.")
    low: float | None = Field(None, description="Lower bound, in the output's unit.")
    high: float | None = Field(None, description="Upper bound, in the output's unit.")
    units: str = Field("1", description="Unit, as shown.")
    noise_std: float | None = Field(
        None, ge=0, description="Standard deviation of one trial; default: learnt."
    )

    @model_validator(mode="after")
    def _bounded(self) -> Constraint:
        if self.low is None and self.high is None:
            raise ValueError(f"{self.name}: give low, high or both")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"{self.name}: low must be below high, got {self.low}, {self.high}")
        return self


def in_log(output: Objective | Constraint) -> bool:
    """Whether an output's logarithm is modelled, so that its values must be above 0."""
    return isinstance(output, Objective) and output.scale == "log"


SIMULATE = "simulate"
"""Evaluation that is one sample of a kind whose stages are the shared ones."""


def evaluations_of(kind: Kind) -> dict[str, str]:
    """What a search may ask of a kind: "module:name" by name, empty for :data:`SIMULATE`."""
    return {**({SIMULATE: ""} if kind.simulate else {}), **kind.evaluations}


class Evaluator(Section):
    """Which kind of study gives the outputs of a trial."""

    kind: str = Field(description="Kind of study.")
    output: str = Field(
        SIMULATE,
        description="Which of the kind's evaluations; 'simulate': one sample of the kind.",
    )
    study: dict[str, Any] = Field(
        default_factory=dict,
        description="Sections of that kind's study; default: its own defaults.",
    )

    @model_validator(mode="after")
    def _there(self) -> Evaluator:
        """Kind and output exist; a search is no evaluator of another one."""
        offers = {name: evaluations_of(kind_named(name, "evaluator")) for name in KINDS}
        able = [name for name, given in offers.items() if given]
        if self.kind not in able:
            raise ValueError(f"kind: given {self.kind!r}; expected {', '.join(able)}")
        if self.output not in offers[self.kind]:
            raise ValueError(
                f"output: kind {self.kind!r} has {', '.join(offers[self.kind])}, given "
                f"{self.output!r}"
            )
        return self


class Rounds(Section):
    """How many trials are asked for, and how."""

    initial: Whole = Field(
        0,
        ge=0,
        le=10_000,
        description="Trials before the first model, 1; 0: twice the variables, plus 2.",
    )
    rounds: Whole = Field(10, ge=0, le=1000, description="Rounds after those, 1.")
    batch: Whole = Field(1, ge=1, le=100, description="Trials of a round, side by side, 1.")
    seed: Whole = Field(0, ge=0, lt=2**31, description="Seed of designs and acquisition, 1.")


class Execution(Section):
    """How trials are spread over jobs."""

    trials_per_job: Whole = Field(
        1, ge=1, le=10_000, description="Trials that one job evaluates one after the other, 1."
    )


class Comparison(Section):
    """Designs that do not learn, for the picture of the regret."""

    trials: Whole = Field(
        0, ge=0, le=100_000, description="Trials of each: random, Latin hypercube, 1."
    )
    seed: Whole = Field(1, ge=0, lt=2**31, description="Seed of both, 1.")


class SearchStudy(BaseStudy):
    """A search for the best values of some variables."""

    PHYSICS: ClassVar[tuple[str, ...]] = ("variables", "objectives", "constraints", "evaluator")

    kind: Literal["search"] = Field(description="Kind of study.")
    variables: tuple[Variable, ...] = Field(min_length=1, description="Variables of the design.")
    objectives: tuple[Objective, ...] = Field(min_length=1, max_length=4, description="Objectives.")
    constraints: tuple[Constraint, ...] = Field((), description="Outputs that stay within bounds.")
    evaluator: Evaluator | None = Field(
        None, description="Which kind of study evaluates; without it, people fill in a table."
    )
    search: Rounds = Field(default_factory=Rounds)
    execution: Execution = Field(default_factory=Execution)
    comparison: Comparison = Field(default_factory=Comparison)

    @model_validator(mode="after")
    def _names_once(self) -> SearchStudy:
        names = [each.name for each in (*self.variables, *self.outputs)]
        taken = [*names, *(f"{each.name}{STD}" for each in self.outputs), *sorted(RESERVED)]
        counts = Counter(name.lower() for name in taken)
        twice = [name for name in taken if counts[name.lower()] > 1]
        if twice:
            raise ValueError(
                f"the name {twice[0]!r} stands for two columns (capitals do not count); rename one"
            )
        if self.comparison.trials and self.evaluator is None:
            raise ValueError("comparison.trials needs an evaluator: people fill in the search only")
        return self

    @property
    def outputs(self) -> tuple[Objective | Constraint, ...]:
        """Objectives, then constraints."""
        return (*self.objectives, *self.constraints)

    def physics(self) -> dict[str, Any]:
        """Content of the sections in :attr:`PHYSICS`, but not scales that are linear."""
        content = super().physics()
        for each in content["objectives"]:
            if each["scale"] == "linear":
                del each["scale"]
        return content

    @property
    def initial_trials(self) -> int:
        """Trials before the first model."""
        return self.search.initial or 2 * len(self.variables) + 2

    def trials_of(self, number: int) -> range:
        """Numbers of the trials of round ``number``; round 0 has the initial ones."""
        first, batch = self.initial_trials, self.search.batch
        return (
            range(first)
            if number == 0
            else range(first + (number - 1) * batch, first + number * batch)
        )


def load_study(path: str | Path) -> SearchStudy:
    """Read and check a study file of this kind.

    Raises
    ------
    SlipfieldError
        One line that names the file, the field, what was given and what is allowed.
    """
    return load_study_as(SearchStudy, path)
