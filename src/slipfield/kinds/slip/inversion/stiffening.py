"""The thickness factor M in an inversion: a nuisance of the load with a prior.

Grains that hold each other across the thickness raise the load, not the strain. With
ln M ~ N(m, s^2) the model's load is exp(m u) times the membrane's, u = d ln(load) / d ln M, and
its relative residuals have the covariance sigma^2 I + s^2 (u u' + c^2 v v'): v is u times the
elastic part of the load, by whose stiffness sheets differ beside M. They are whitened, so that all
that follows goes on as with independent ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from slipfield.core.numbers import percent
from slipfield.kinds.slip.measure.noise import LOAD_FLOOR
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETERS, Study
from slipfield.kinds.slip.thickness.factor import elastic_part, load_exponent
from slipfield.kinds.slip.thickness.prior import THIN, SheetFactor, carried_on, sheet_factor

BESIDE = 1.25
"""Factor of t/d by which a sheet may lie beside those that a model was adapted to."""

ELASTIC_SCATTER = 0.65
"""Scatter of the stiffness of sheets beyond that of their strength, over that of ln M: root mean
square of 24 sheets of three faces, t/d 0.2 to 2.2; 96 of twelve give 0.73 +- 0.10
(docs/thickness.md)."""


@dataclass(frozen=True)
class LoadFactor:
    """ln M at one point: mean, standard deviation, direction (p,) in ln k; noise of the load."""

    mean: float
    deviation: float
    along: np.ndarray
    noise: float

    def expected(self, load: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Load (time,) of the sheet and its rates (p, time) from the membrane's."""
        factor = np.exp(self.mean * load_exponent(self.along, load, rates))
        return load * factor, rates * factor

    def moved(self, load: np.ndarray, rates: np.ndarray) -> np.ndarray:
        """What standard deviations of M and of the stiffness move the sheet's load by (2, time), N.

        Parameters
        ----------
        load, rates : of the membrane, as :meth:`expected` takes them.
        """
        exponent = load_exponent(self.along, load, rates)
        parts = load, ELASTIC_SCATTER * elastic_part(self.along, load, rates)
        return self.deviation * exponent * np.exp(self.mean * exponent) * np.stack(parts)

    def whiten(self, values: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Relative residuals or rates (..., time) with the parts along ``moved`` (2, time) shrunk.

        Parameters
        ----------
        moved : of :meth:`moved`, relative like ``values``.
        """
        noise = max(self.noise, LOAD_FLOOR)
        _, sizes, axes = np.linalg.svd(moved, full_matrices=False)
        shrink = 1 - 1 / np.sqrt(1 + (sizes / noise) ** 2)
        return values - (values @ axes.T * shrink) @ axes


def measured_factor(
    data: xr.Dataset, study: Study, microstructure: xr.Dataset
) -> SheetFactor | None:
    """The factor of a measured sheet; None where its thickness is not known."""
    if "thickness_mm" not in data.attrs:
        return None
    grain, sizes = microstructure["element_grain"].values, microstructure["size"].values
    x, y = microstructure["x_mm"].values, microstructure["y_mm"].values
    count = np.bincount(grain.ravel(), minlength=len(sizes))
    areas = count / grain.size * np.trapezoid(x[:, -1] - x[:, 0], y[:, 0])
    return sheet_factor(study.material, float(data.attrs["thickness_mm"]), areas, sizes)


def factor_at(factor: SheetFactor | None, values: np.ndarray, noise: float) -> LoadFactor | None:
    """The factor at k1, k2, k3 and more constants (p,), for a relative noise of the load."""
    if factor is None:
        return None
    return LoadFactor(factor.mean, factor.deviation, direction_at(factor, values), noise)


def direction_at(factor: SheetFactor, values: np.ndarray) -> np.ndarray:
    """Direction (p,) of ln M in the parameters at k1, k2, k3 and more constants (p,)."""
    own, along = len(PARAMETERS), np.zeros(len(values))
    along[:own] = factor.along(values[:own])
    return along


def without_factor(
    measurement: Measurement, reference: Reference, factor: SheetFactor, ln_m: float
) -> Measurement:
    """The measurement with the load that its membrane would have if ln M were known."""
    run = reference.at(measurement.time)
    exponent = load_exponent(factor.along(run.parameters), run.load, run.load_rates)
    return replace(measurement, load=measurement.load * np.exp(-ln_m * exponent))


def with_factor(run: Reference, factor: SheetFactor | None, ln_m: float | None) -> Reference:
    """A membrane's run with the load of the sheet.

    Parameters
    ----------
    factor : of the sheet; None for a membrane.
    ln_m : ln M if it is known better than by the factor's mean.
    """
    if factor is not None and ln_m is not None:
        factor = replace(factor, mean=ln_m)
    at = factor_at(factor, run.parameters, LOAD_FLOOR)
    return run if at is None else replace(run, load=at.expected(run.load, run.load_rates)[0])


def verdict(
    factor: SheetFactor | None,
    membrane: bool,
    k: np.ndarray,
    load: bool = True,
    known: tuple[float, float] | None = None,
) -> list[str]:
    """What the thickness does to the answer, in a sentence; none for a foil.

    Parameters
    ----------
    membrane : the sheet was taken for one.
    k : (3,) k1, k2, k3 of the answer.
    load : it was measured.
    known : t/d of the sheets that the model that answers was adapted to, from and to, NaN: not
        said; None if it was adapted to membranes.
    """
    if factor is None:
        return []
    low, high = known or (np.nan, np.nan)
    if factor.ratio < low / BESIDE or factor.ratio > high * BESIDE:
        return [
            f"The sheet is {factor.thickness_text} thick, and the model was adapted to sheets of "
            f"{low:.2g} to {high:.2g}: k1 is off by what these differ in. Adapt it to sheets as "
            "thick, or use the model that it was adapted from."
        ]
    if factor.ratio < THIN:
        return []
    what = (
        f"The sheet is {factor.thickness_text} thick, which makes it "
        f"{percent(np.expm1(factor.mean))} ({percent(factor.deviation)} standard deviation"
        f"{carried_on(factor.mean)}) stronger than the membrane of the forward model"
    )
    if not load:
        held = "do not hold" if membrane else "hold"
        return [
            f"{what}. Without a load only k2 and k3 feel it, by the strain maps; their intervals "
            f"{held} that."
        ]
    if known is not None:
        return [f"{what}. The model knows such sheets, so its load was not corrected for that."]
    excess = factor.k1_excess(k)
    if membrane:
        return [
            f"{what}. It was taken for a membrane: if it is none, k1 is about {percent(excess)} "
            "too high, and its interval does not hold that."
        ]
    off = percent(excess / (1 + excess))
    return [f"{what}. Its load was corrected for that, which takes about {off} off k1."]
