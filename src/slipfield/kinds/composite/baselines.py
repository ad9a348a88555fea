"""What stands beside the reduced basis and the exact search: simpler surrogates, NSGA-II."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from slipfield.core.reading import read_table
from slipfield.kinds.composite.answers import column, write_table
from slipfield.kinds.composite.comparison import HEADER, Errors, test_cells
from slipfield.kinds.composite.constants import CONSTANTS
from slipfield.kinds.composite.fronts import hypervolume, weighted_sum
from slipfield.kinds.composite.paper import BOUNDS, HYPERVOLUMES, TARGET, WEIGHTS, published_surface
from slipfield.kinds.composite.quadratic import Quadratic
from slipfield.kinds.composite.samples import FIT, of_role, read_cells
from slipfield.kinds.composite.study import CompositeStudy
from slipfield.kinds.composite.targets import Target

Predict = Callable[[np.ndarray], np.ndarray]


def mori_tanaka_c22(points: np.ndarray) -> np.ndarray:
    """C22 (n,) of aligned fibres after Mori and Tanaka, GPa; a trend that surrogates can lean on.

    Plane-strain bulk modulus and transverse shear modulus coincide with the lower bounds of Hashin
    and Rosen (1964, doi:10.1115/1.3629590) where the fibre is the stiffer phase.
    """
    em, num, ef, nuf, f = points.T
    shear = [e / (2 * (1 + n)) for e, n in ((em, num), (ef, nuf))]
    bulk = [g / (1 - 2 * n) for g, n in zip(shear, (num, nuf), strict=True)]
    k = bulk[0] + f / (1 / (bulk[1] - bulk[0]) + (1 - f) / (bulk[0] + shear[0]))
    half = (bulk[0] + 2 * shear[0]) / (2 * shear[0] * (bulk[0] + shear[0]))
    g = shear[0] + f / (1 / (shear[1] - shear[0]) + (1 - f) * half)
    return k + g


def _features(points: np.ndarray) -> np.ndarray:
    """The four variables that C22 / Em depends on, in which it is smooth."""
    em, num, ef, nuf, f = points.T
    holes = ef == 0
    contrast = np.where(holes, 0.0, np.sqrt(em / np.where(holes, 1.0, ef)))
    return np.column_stack([np.log((1 - num) / (1 - 2 * num)), contrast, nuf, f])


def _gaussian_process(points: np.ndarray, values: np.ndarray) -> Predict:
    """Gaussian process of log C22 over the trend, in the scaled four variables."""
    features = _features(points)
    middle, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread == 0] = 1.0  # of parameters that have one value
    target = np.log(values / mori_tanaka_c22(points))
    kernel = ConstantKernel(1.0, (1e-3, 1e4)) * RBF(np.full(4, 3.0), (0.1, 300))
    process = GaussianProcessRegressor(
        kernel, alpha=1e-10, normalize_y=True, n_restarts_optimizer=2, random_state=0
    ).fit((features - middle) / spread, target)
    return lambda p: np.exp(process.predict((_features(p) - middle) / spread)) * mori_tanaka_c22(p)


def _log_quadratic(points: np.ndarray, values: np.ndarray, trend: bool) -> Predict:
    def over(p: np.ndarray) -> np.ndarray:
        return mori_tanaka_c22(p) if trend else np.ones(len(p))

    surface = Quadratic.fit(points, np.log(values / over(points)))
    return lambda p: np.exp(surface(p)) * over(p)


def compare_fitted(study: CompositeStudy, cells: Path, output: Path) -> None:
    """Errors of C22 of surrogates fitted to the central composite design (CSV)."""
    data = read_cells(cells)
    number = CONSTANTS.index("C22")
    points, constants = of_role(data, FIT)
    values = constants[:, number]
    surrogates: dict[str, Predict] = {
        "quadratic, as published": Quadratic.fit(points, values),
        "quadratic of the logarithm": _log_quadratic(points, values, trend=False),
        "quadratic of log C22 / Mori-Tanaka": _log_quadratic(points, values, trend=True),
        "Gaussian process, four variables": _gaussian_process(points, values),
    }
    inside, corners = test_cells(data)
    rows = []
    for name, predict in surrogates.items():
        off = [predict(p) / exact[:, number] - 1 for p, exact in (inside, corners)]
        rows.append(Errors.of(*off).row(name, len(points)))
    write_table(output, HEADER, rows)


def evolve(
    value: Predict, bounds: np.ndarray, target: Target, study: CompositeStudy, seed: int
) -> tuple[np.ndarray, float, float]:
    """One run of NSGA-II on boxes as the publication poses them: ten variables, two aims.

    Parameters
    ----------
    value : the constant at parameters (n, 5), which rises in all of them.

    Returns
    -------
    The front (n, 2) of distance and width, its raw hypervolume, and CPU seconds.
    """
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.problem import Problem
    from pymoo.indicators.hv import HV
    from pymoo.optimize import minimize

    limits = (study.design.front_distance_GPa, study.design.front_width)

    class Boxes(Problem):
        def __init__(self) -> None:
            super().__init__(n_var=10, n_obj=2, n_ieq_constr=2, xl=0.0, xu=1.0)

        def _evaluate(self, x: np.ndarray, out: dict, *_: object, **__: object) -> None:
            ends = np.sort(x.reshape(-1, 2, 5), axis=1)
            at = bounds[0] + ends * np.ptp(bounds, axis=0)
            low, high = value(at[:, 0]), value(at[:, 1])
            distance = np.hypot(low - target.low, high - target.high)
            width = (ends[:, 1] - ends[:, 0]).min(axis=1)
            out["F"] = np.column_stack([distance, -width])
            out["G"] = np.column_stack([distance - limits[0], width - limits[1]])

    settings = study.baselines
    start = time.process_time()
    found = minimize(
        Boxes(), NSGA2(pop_size=settings.population), ("n_gen", settings.generations), seed=seed
    )
    used = time.process_time() - start
    if found.F is None:
        return np.empty((0, 2)), 0.0, used
    front = np.atleast_2d(found.F)
    area = float(HV(ref_point=np.array([limits[0], 0.0]))(front))
    return front * [1, -1], area, used


def compare_evolution(study: CompositeStudy, boxes: Path, folder: Path) -> list[str]:
    """Fronts of NSGA-II on the published surface, and table 4: hypervolumes of all fronts (CSV)."""
    surface = published_surface()
    rows, areas, used = [], [], []
    for seed in range(study.baselines.runs):
        front, area, seconds = evolve(surface, BOUNDS, TARGET, study, seed)
        areas.append(area)
        used.append(seconds)
        rows += [[seed, *point] for point in front[np.argsort(front[:, 0])]]
    write_table(folder / "evolved.csv", ["run", "distance_GPa", "width"], rows)
    miss = column(TARGET.name, "miss")
    curve = read_table(boxes / "front-curve.csv", "composite boxes", (miss, "width"))
    distance, width = curve[miss].to_numpy(), curve["width"].to_numpy()
    ours = hypervolume(distance, width, study.design.front_distance_GPa, study.design.front_width)
    lines = [
        ("published (MOOPTIM), its surface", *_spread(HYPERVOLUMES)),
        ("NSGA-II of pymoo, the published surface", *_spread(areas)),
        ("continuation, exact cell", 1, ours, float("nan"), ours, ours),
    ]
    sums = [(variant, weighted_sum(distance, width, *phi)) for variant, phi in WEIGHTS.items()]
    write_table(folder / "sums.csv", ["variant", "front"], sums)
    header = ["front", "runs", "mean", "sd", "smallest", "largest"]
    write_table(folder / "table4-composite.csv", header, lines)
    return [f"{name}: hypervolume {mean:.4f}" for name, _, mean, *_ in lines]


def _spread(areas: Sequence[float]) -> tuple[int, float, float, float, float]:
    """Number, mean, standard deviation (of the sample), smallest and largest."""
    sd = float(np.std(areas, ddof=1)) if len(areas) > 1 else float("nan")
    return len(areas), float(np.mean(areas)), sd, min(areas), max(areas)
