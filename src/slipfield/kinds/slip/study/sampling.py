"""Sections about samples: the parameters k1, k2, k3, their box and design, and their jobs."""

from __future__ import annotations

from pydantic import Field, model_validator

from slipfield.core.section import Range, Section, Whole

PARAMETERS = ("k1", "k2", "k3")
PARAMETER_UNITS = {"k1": "MPa mm^0.5", "k2": "MPa", "k3": "MPa mm^0.5"}


class Sampling(Section):
    """The sampling box of (k1, k2, k3) and the design of experiments.

    The box is Slipfield's own choice: the published bounds are not available.
    """

    samples: Whole = Field(200, ge=2, le=1_000_000, description="Number of parameter samples, 1.")
    seed: Whole = Field(2025, ge=0, description="Seed of the maximin Latin hypercube, 1.")
    k1_MPa_sqrtmm: Range = Field((50.0, 250.0), description="Box of k1, MPa mm^0.5.")
    k2_MPa: Range = Field((10.0, 60.0), description="Box of k2, MPa.")
    k3_MPa_sqrtmm: Range = Field((5.0, 30.0), description="Box of k3, MPa mm^0.5.")

    @model_validator(mode="after")
    def _ordered(self) -> Sampling:
        for name in ("k1_MPa_sqrtmm", "k2_MPa", "k3_MPa_sqrtmm"):
            low, high = getattr(self, name)
            if not 0 < low < high:
                raise ValueError(f"{name} must be [low, high] with 0 < low < high")
        return self

    @property
    def box(self) -> tuple[Range, Range, Range]:
        """Bounds of k1, k2, k3 in the order of :data:`PARAMETERS`."""
        return self.k1_MPa_sqrtmm, self.k2_MPa, self.k3_MPa_sqrtmm

    @property
    def centre(self) -> tuple[float, float, float]:
        """Geometric centre of the box: the expansion point of the reference runs."""
        return tuple((low * high) ** 0.5 for low, high in self.box)


class Execution(Section):
    """How samples are spread over jobs and ranks."""

    samples_per_job: Whole = Field(20, ge=1, description="Samples simulated by one job, 1.")
    ranks_per_sample: Whole = Field(1, ge=1, description="MPI ranks that share one specimen, 1.")
