"""The exact range of a constant over a box of parameters.

Where the sign of a derivative is proved, the parameter sits at an end; over the others a bounded
search with gradients looks for both ends of the range. No vertex is taken on faith.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import minimize
from scipy.stats import qmc

from slipfield.core.sobol import sobol_points
from slipfield.kinds.composite.constants import AXIAL_SHEAR, CONSTANTS, ENERGIES
from slipfield.kinds.composite.parameters import PARAMETERS, bulk_and_shear

INNER_STARTS = 4
"""Points inside the box, beside its corners and its centre, from which a search may start."""

SEARCHES = 3
"""Best starting points that are followed, for each end of the range."""


class Model(Protocol):
    """Anything that gives the twelve constants of a composite and their gradients."""

    def constants(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (n, 12) and gradients (n, 12, 5) at parameters (n, 5)."""

    def values(self, points: np.ndarray) -> np.ndarray:
        """Values (n, 12) alone, which cost less."""


@dataclass(frozen=True)
class ExactRange:
    """Range of one constant over a box.

    Attributes
    ----------
    low, high : GPa, or 1.  at_low, at_high : (5,) parameters there.
    proved : parameters whose derivative has a proved sign; the others were searched.
    """

    name: str
    low: float
    high: float
    at_low: np.ndarray
    at_high: np.ndarray
    proved: tuple[str, ...]


def proved_signs(name: str, box: np.ndarray) -> dict[int, int]:
    """Signs of derivatives, by parameter number, that hold everywhere in a box (2, 5).

    An energy of a load rises with the Young's modulus of either phase, for the phase becomes
    stiffer in every strain, and with the fraction if the fibre is stiffer than the matrix in shear
    and in compression (falls if it is softer in both): a larger fibre contains the smaller one.
    Axial shear strains no volume: it asks the shear moduli alone, which fall as Poisson's ratios
    rise. For other loads a larger ratio stiffens a phase in compression and softens it in shear,
    and either may win: no sign holds for all phases.
    """
    if name not in ENERGIES:
        return {}
    signs = {0: 1, 2: 1}
    phases = (bulk_and_shear(box[:, k][:, None], box[:, k + 1]) for k in (0, 2))
    bulk, shear = zip(*phases, strict=True)
    matrix_fibre = [shear, bulk]
    if name in AXIAL_SHEAR:
        signs |= {1: -1, 3: -1}
        matrix_fibre = [shear]
    if all(fibre.min() >= matrix.max() for matrix, fibre in matrix_fibre):
        signs[4] = 1
    elif all(fibre.max() <= matrix.min() for matrix, fibre in matrix_fibre):
        signs[4] = -1
    return signs


def rises_with_num(model: Model, box: np.ndarray) -> bool:
    """Whether C22 provably rises with the matrix's Poisson ratio everywhere in a box (2, 5).

    For unit strain 22, with t the trace and e the deviator of the strain, C22 is the integral of
    K t^2 + 2 mu e:e. Its derivative is that of the matrix's moduli at fixed strain,
    2 K T / (1 - 2 nu) - 2 mu D / (1 + nu), where T and D are the integrals of t^2 and e:e over the
    matrix. There 2 mu D <= C22 - K T; and t, whose mean over the cell is 1, has an integral
    s <= sqrt(f C22 / K_f) over the fibre, so that T >= (1 - s)^2 / (1 - f). Hence the derivative is
    positive where E (1 - s)^2 / ((1 - f) (1 - 2 nu)^2) > C22. C22 is bounded by that of the box's
    largest bulk and shear moduli and fraction, from above as a minimum of the energy over some
    displacements.
    """
    (em, num, ef, nuf, least), (_, _, _, _, most) = box
    stiffest = []
    for k in (0, 2):
        bulk, _ = bulk_and_shear(box[1, k], box[1, k + 1])
        _, shear = bulk_and_shear(box[1, k], box[0, k + 1])
        stiffest += [9 * bulk * shear / (3 * bulk + shear)]
        stiffest += [(3 * bulk - 2 * shear) / (2 * (3 * bulk + shear))]
    bound = model.values(np.array([[*stiffest, most]]))[0, CONSTANTS.index("C22")]
    share = np.sqrt(most * bound * 3 * (1 - 2 * nuf) / ef)
    matrix = em * max(1 - share, 0.0) ** 2 / ((1 - least) * (1 - 2 * num) ** 2)
    return bool(matrix > bound)


def exact_range(
    model: Model, box: np.ndarray, name: str, near: ExactRange | None = None
) -> ExactRange:
    """Range of the constant ``name`` over a box (2, 5) of parameters.

    Parameters
    ----------
    near : range by a close model; searches then start only where that found the ends.
    """
    signs = proved_signs(name, box)
    if name == "C22" and signs.get(4) == 1 and rises_with_num(model, box):
        signs[1] = 1
    ends = []
    hints = (near.at_low, near.at_high) if near else (None, None)
    for side, hint in zip((-1, 1), hints, strict=True):
        ends.append(_extreme(model, box, name, side, signs, hint))
    proved = tuple(PARAMETERS[k] for k in sorted(signs))
    return ExactRange(name, ends[0][0], ends[1][0], ends[0][1], ends[1][1], proved)


def _extreme(
    model: Model,
    box: np.ndarray,
    name: str,
    side: int,
    signs: dict[int, int],
    hint: np.ndarray | None,
) -> tuple[float, np.ndarray]:
    """Largest (side 1) or smallest (-1) value over the box, and where it is."""
    number = CONSTANTS.index(name)
    free = [k for k in range(5) if k not in signs and box[1, k] > box[0, k]]
    at = box[0].copy()
    for k, sign in signs.items():
        at[k] = box[(1 + sign * side) // 2, k]
    if not free:
        return float(model.values(at[None])[0, number]), at
    if hint is None:
        starts = _starts(box, at, free)
        values = side * model.values(starts)[:, number]
        starts = starts[np.argsort(-values)[:SEARCHES]]
    else:
        starts = np.clip(hint, box[0], box[1])[None]
    width = box[1, free] - box[0, free]

    def downhill(relative: np.ndarray) -> tuple[float, np.ndarray]:
        point = at.copy()
        point[free] = box[0, free] + relative * width
        value, gradient = model.constants(point[None])
        return -side * value[0, number], -side * gradient[0, number, free] * width

    best, where = -np.inf, at
    for start in starts:
        relative = (start[free] - box[0, free]) / width
        found = minimize(
            downhill, relative, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * len(free)
        )
        if -found.fun > best:
            best, where = -found.fun, at.copy()
            where[free] = box[0, free] + found.x * width
    return side * float(best), where


def _starts(box: np.ndarray, at: np.ndarray, free: list[int]) -> np.ndarray:
    """Points (n, 5): corners, centre and points inside the box in the free parameters."""
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=len(free))))
    inner = sobol_points(qmc.Sobol(len(free), seed=0), INNER_STARTS)
    relative = np.vstack([corners, np.full((1, len(free)), 0.5), inner])
    points = np.tile(at, (len(relative), 1))
    points[:, free] = box[0, free] + relative * np.ptp(box[:, free], axis=0)
    return points
