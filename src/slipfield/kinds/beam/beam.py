"""Study file, physics and estimators of the cantilever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from slipfield.core.errors import SlipfieldError
from slipfield.core.section import Range, Section, Whole
from slipfield.spine.design import Design, Input, sampled
from slipfield.spine.outputs import Output
from slipfield.spine.study import SpineStudy

OUTPUTS = (Output("deflection_mm", "mm", "deflection of the tip"),)


class Beam(Section):
    """A straight beam of one material, clamped at one end."""

    youngs_modulus_GPa: float = Field(70.0, gt=0, description="Young's modulus, GPa.")
    width_mm: float = Field(20.0, gt=0, description="Width of the section, mm.")
    height_mm: float = Field(10.0, gt=0, description="Height of the section along the load, mm.")
    strength_MPa: float = Field(250.0, gt=0, description="Bending stress at which it fails, MPa.")


class Sampling(Section):
    """The box of lengths and loads."""

    samples: Whole = Field(60, ge=4, description="Samples, 1.")
    seed: Whole = Field(1, ge=0, description="Seed of the Latin hypercube, 1.")
    length_mm: Range = Field((200.0, 500.0), description="Length, mm.")
    load_N: Range = Field((10.0, 100.0), description="Load at the tip, N.")


class BeamStudy(SpineStudy):
    """A cantilever under a load at its tip."""

    PHYSICS: ClassVar[tuple[str, ...]] = ("beam", "sampling")

    kind: Literal["beam"] = Field("beam", description="Kind of study.")
    beam: Beam = Field(default_factory=Beam)
    sampling: Sampling = Field(default_factory=Sampling)


def design(study: BeamStudy) -> Design:
    """Latin hypercube over length and load."""
    box = study.sampling
    inputs = (Input("length_mm", "mm", *box.length_mm), Input("load_N", "N", *box.load_N))
    return sampled(inputs, box.samples, box.seed)


def simulate(study: BeamStudy, inputs: Mapping[str, float]) -> Mapping[str, Any]:
    """Deflection F L^3 / (3 E I) of the tip, mm (Euler-Bernoulli).

    Raises
    ------
    SlipfieldError
        If the bending stress at the clamp is above the strength.
    """
    length, load, beam = inputs["length_mm"], inputs["load_N"], study.beam
    inertia = beam.width_mm * beam.height_mm**3 / 12
    stress = load * length * beam.height_mm / 2 / inertia
    if stress > beam.strength_MPa:
        raise SlipfieldError(f"the beam fails: {stress:.0f} MPa at the clamp")
    return {"deflection_mm": load * length**3 / (3 * 1000 * beam.youngs_modulus_GPa * inertia)}


class Quadratic:
    """Least squares on all products of two inputs, of inputs and targets in logarithms."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> Self:
        """Learn from positive inputs (n, 2) and targets (n, 1)."""
        self.coefficients = np.linalg.lstsq(self._terms(x), np.log(y), rcond=None)[0]
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Targets (n, 1)."""
        return np.exp(self._terms(x) @ self.coefficients)

    @staticmethod
    def _terms(x: np.ndarray) -> np.ndarray:
        a, b = np.log(x).T
        return np.column_stack([np.ones_like(a), a, b, a * a, a * b, b * b])


def forest() -> Any:
    """Scikit-learn's random forest."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.multioutput import MultiOutputRegressor

    return MultiOutputRegressor(RandomForestRegressor(100, random_state=0))
