"""What study files have whose stages are the shared ones."""

from __future__ import annotations

from pydantic import Field

from slipfield.core.section import Section, Whole
from slipfield.core.study import BaseStudy


class Execution(Section):
    """How samples are spread over jobs."""

    samples_per_job: Whole = Field(50, ge=1, description="Samples simulated by one job, 1.")


class Folds(Section):
    """Repeated k-fold cross-validation of the kind's estimators."""

    folds: Whole = Field(5, ge=2, le=200, description="Folds of one repeat, 1.")
    repeats: Whole = Field(4, ge=1, le=100, description="Repeats with new partitions, 1.")
    models: tuple[str, ...] = Field((), description="Estimators to validate; default: all.")
    seed: Whole = Field(0, ge=0, description="Seed of partitions and estimators, 1.")


class SpineStudy(BaseStudy):
    """A study whose stages are the shared ones; a kind adds what it samples and simulates."""

    execution: Execution = Field(default_factory=Execution)
    crossval: Folds = Field(default_factory=Folds)
