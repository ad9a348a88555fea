"""Forces through the cross-sections of a specimen, as linear functions of k1, k2 and k3.

With equal latent and self-hardening every system of a crystal has g = k2 + k3 d + (h0 + k1 d) G,
d = D^-1/2 and G its accumulated slip, so the nominal stress (S / g) g and the force through a row
of cells are linear in the parameters; other latent ratios are averaged over the systems.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.crystal.law import SYSTEMS
from slipfield.kinds.slip.equilibrium.displacement import StrainIntegrator
from slipfield.kinds.slip.equilibrium.flow import (
    COLD_STEPS,
    SlipSystems,
    elastic_strain,
    flow_stress,
    slip_rates,
)
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.study import Study

INSTANTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the loading at which stresses are found."""

DEGREE = 2
"""Degree in time of the polynomial that smooths each node's strain."""

WARM_STEPS, CORRECTIONS = 3, 2
SMALLEST_WORK = 1e-12


@dataclass(frozen=True)
class Crystals:
    """Grain map on one mesh.

    Attributes
    ----------
    x, y : ndarray (y, x)
        Nodes, mm.
    lattice : ndarray (cell, 2, 3)
        Sheet directions x and y in crystal components.
    root : ndarray (cell,)
        D^-1/2, mm^-1/2.
    """

    x: np.ndarray
    y: np.ndarray
    lattice: np.ndarray
    root: np.ndarray

    @classmethod
    def read(cls, path: Path) -> Crystals:
        """Read a microstructure file."""
        with open_netcdf(path) as data:
            grain = data["element_grain"].values.ravel()
            turned = matrix_of_euler(data["euler"].values)[:, :, :2].swapaxes(1, 2)
            root = data["size"].values ** -0.5
            return cls(data["x_mm"].values, data["y_mm"].values, turned[grain], root[grain])


@dataclass(frozen=True)
class SectionForces:
    """Forces through rows of cells.

    Attributes
    ----------
    coefficients : ndarray (instant, row, 4), mm^2
        Of k1 (over mm^1/2), k2, k3 (over mm^1/2) and h0 in the force.
    load : ndarray (instant,), N
        Measured, smoothed in time.
    """

    coefficients: np.ndarray
    load: np.ndarray

    def balance(self, h0: float) -> tuple[np.ndarray, np.ndarray]:
        """Matrix (instant, row, 3) and right side (instant, row): matrix @ k = right side."""
        share = self.coefficients / self.load[:, None, None]
        return share[..., :3], 1 - h0 * share[..., 3]

    def parameters(self, h0: float) -> np.ndarray:
        """Least-squares k1, k2, k3, (3,), over all rows and instants."""
        matrix, right = self.balance(h0)
        return np.linalg.lstsq(matrix.reshape(-1, 3), right.ravel(), rcond=None)[0]


def section_forces(
    study: Study, crystals: Crystals, strain: np.ndarray, load: np.ndarray, time: np.ndarray
) -> SectionForces:
    """Find the forces through all rows of cells at :data:`INSTANTS`.

    Parameters
    ----------
    study : Study
        Material, loading path and thickness.
    crystals : Crystals
    strain : ndarray (time, component, y, x), 1
        Green-Lagrange strain at the nodes.
    load : ndarray (time,), N
    time : ndarray (time,), s

    Raises
    ------
    SlipfieldError
        If the loading is no steady pull or there are too few frames.
    """
    check_loading(study, len(time))
    duration = float(time[-1])
    instants = np.array(INSTANTS) * duration
    half = 0.5 * duration / len(time)
    ends = np.stack([instants - half, instants + half]).T.ravel()
    fields = _smoothed(strain, time, ends)
    forces = _smoothed(load, time, instants)
    slopes = _smoothed(load, time, ends).reshape(-1, 2) @ [-1, 1] / (2 * half) / forces
    gradients = _central_gradients(study, crystals, fields, ends)
    march = _March(study, crystals)
    rows = []
    for i, instant in enumerate(instants):
        before, after = gradients[2 * i : 2 * i + 2]
        rate = (_green(after) - _green(before)) / (2 * half)
        rows.append(march.advance(0.5 * (before + after), rate, instant, forces[i], slopes[i]))
    return SectionForces(np.stack(rows), forces)


def check_loading(study: Study, frames: int) -> None:
    """Refuse what smoothing by a polynomial in time does not suit.

    Raises
    ------
    SlipfieldError
        If the displacement of the top edge is not proportional to time, or frames are too few.
    """
    path, measure = study.loading.path, study.solver.strain_measure
    if len(path) != 2 or path[1][1] <= 0:
        raise SlipfieldError(
            f"loading.path: given {len(path)} corners; model 'equilibrium' needs one steady pull, "
            "use 'projection'"
        )
    if frames <= DEGREE + 1:
        raise SlipfieldError(
            f"loading.outputs: given {frames}; model 'equilibrium' needs {DEGREE + 2} or more"
        )
    if measure != "green_lagrange":
        raise SlipfieldError(
            f"solver.strain_measure: given {measure!r}; model 'equilibrium' needs 'green_lagrange'"
        )


def _smoothed(values: np.ndarray, time: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Least-squares polynomial in time of (time, ...), at the ``wanted`` times."""
    scale = time[-1]
    fit = np.linalg.pinv(np.vander(time / scale, DEGREE + 1))
    return np.tensordot(np.vander(wanted / scale, DEGREE + 1) @ fit, values, 1)


def _central_gradients(
    study: Study, crystals: Crystals, fields: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """Displacement gradients (time, 4, cell) at the cell centres."""
    integrator = _integrator(crystals.x.tobytes(), crystals.y.tobytes(), crystals.x.shape)
    end, pull = study.loading.path[1]
    nodal, found = None, []
    for field, time in zip(fields, times, strict=True):
        central, nodal = integrator.solve(field, pull * time / end, nodal)
        found.append(central)
    return np.array(found)


@lru_cache(maxsize=4)
def _integrator(x: bytes, y: bytes, shape: tuple[int, int]) -> StrainIntegrator:
    """Integrator of a mesh; its factorisation serves every specimen on that mesh."""
    return StrainIntegrator(*(np.frombuffer(values).reshape(shape) for values in (x, y)))


def _green(gradient: np.ndarray) -> np.ndarray:
    """Green-Lagrange strain (cell, 3) as (11, 22, 2 x 12)."""
    a, b, c, d = gradient
    return np.stack(
        [a + 0.5 * (a * a + c * c), d + 0.5 * (b * b + d * d), b + c + a * b + c * d], axis=1
    )


class _March:
    """Crystals on their way through the loading: lattice vectors and accumulated slip."""

    def __init__(self, study: Study, crystals: Crystals) -> None:
        self.material = study.material
        self.systems = SlipSystems.of(study.material.slip_family)
        self.lattice, self.root = crystals.lattice, crystals.root
        cells_x = crystals.x.shape[1] - 1
        width = 0.25 * (crystals.x[1:, 1:] + crystals.x[:-1, 1:]) * 2
        width -= 0.5 * (crystals.x[1:, :-1] + crystals.x[:-1, :-1])
        self.section = study.specimen.thickness_mm * width.ravel()
        self.shape = (-1, cells_x)
        self.slip = np.zeros(len(self.root))
        self.time = 0.0
        self.stress: np.ndarray | None = None
        self.rates: np.ndarray | None = None

    def advance(
        self, gradient: np.ndarray, rate: np.ndarray, time: float, load: float, slope: float
    ) -> np.ndarray:
        """Find the stress at ``time`` and the coefficients (row, 4) of the section forces.

        Parameters
        ----------
        gradient : ndarray (4, cell)
            Displacement gradient.
        rate : ndarray (cell, 3)
            Strain rate, of which the elastic part is taken off.
        load, slope : float
            Load, N, and its relative rate: the scale of the stress and its growth.
        """
        material, exponent = self.material, self.material.rate_exponent
        rate = rate / material.reference_slip_rate_per_s
        slope = slope / material.reference_slip_rate_per_s
        span = material.reference_slip_rate_per_s * (time - self.time)
        lattice = self.lattice
        if self.rates is not None:
            lattice = self.systems.slipped(lattice, self.rates * span)
        steps = COLD_STEPS if self.stress is None else WARM_STEPS
        factors = self.systems.resolving_factors(lattice)
        stress = flow_stress(factors, rate, exponent, self.stress, steps)
        for _ in range(CORRECTIONS):
            scale = load / self._sum(self._nominal(gradient, stress)).mean()
            elastic = elastic_strain(material, lattice, scale * stress)
            rates, slip = self._slip(lattice, stress, span, elastic, _green(gradient))
            lattice = self.systems.slipped(self.lattice, slip)
            factors = self.systems.resolving_factors(lattice)
            stress = flow_stress(factors, rate - slope * elastic, exponent, stress, WARM_STEPS)
        rates, slip = self._slip(lattice, stress, span, elastic, _green(gradient))
        self.lattice = self.systems.slipped(self.lattice, slip)
        self.slip = self.slip + np.abs(slip).sum(axis=1)
        self.rates, self.stress, self.time = rates, stress, time
        nominal = self._nominal(gradient, stress)
        latent = (1 + (SYSTEMS - 1) * material.latent_ratio) / SYSTEMS
        hardened = latent * nominal * self.slip
        columns = (hardened * self.root, nominal, nominal * self.root, hardened)
        return np.stack([self._sum(column) for column in columns], axis=-1)

    def _slip(
        self,
        lattice: np.ndarray,
        stress: np.ndarray,
        span: float,
        elastic: np.ndarray,
        strain: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Slip rates under ``stress``, over the reference rate, and slip since the last instant.

        Both (cell, 12). Before the first instant part of the strain is elastic.
        """
        factors = self.systems.resolving_factors(lattice)
        rates = slip_rates(factors, stress, self.material.rate_exponent)
        if self.rates is not None:
            return rates, 0.5 * span * (rates + self.rates)
        work = np.maximum(np.einsum("mi,mi->m", stress, strain), SMALLEST_WORK)
        plastic = np.clip(1 - np.einsum("mi,mi->m", stress, elastic) / work, 0, 1)
        return rates, span * plastic[:, None] * rates

    def _nominal(self, gradient: np.ndarray, stress: np.ndarray) -> np.ndarray:
        """Force on each cell's section in units of g, mm^2: (F S)_22 times width and thickness."""
        return ((1 + gradient[3]) * stress[:, 1] + gradient[2] * stress[:, 2]) * self.section

    def _sum(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(self.shape).sum(axis=1)
