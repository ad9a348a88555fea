"""The point law against the rate form and analytic results."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations, product
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from slipfield.kinds.slip.crystal.driver import MaterialPoint, drive, metric_of
from slipfield.kinds.slip.crystal.law import hardening_modulus, initial_crss, make_law
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.study import Material, SlipFamily
from slipfield.kinds.slip.verification.rate_form import RateForm
from slipfield.kinds.slip.verification.result import Chapter, Curves, Table

K = (120.0, 25.0, 12.0)
SIZE = 0.2
LARGEST_STEP_S = 0.05
STRAIN_SHIFT = 1e-6
EXPONENTS = (10.0, 10.5, 20.0, 33.3, 50.0)
FAMILIES: tuple[SlipFamily, ...] = get_args(SlipFamily)
VOCE: dict[str, Any] = {"hardening": "voce", "g_sat_MPa": 70.0, "hardening_exponent": 2.25}
"""Hardening that is half gone where the checks end."""
LAWS: dict[str, dict[str, Any]] = {"": {}, "Voce, ": VOCE}
"""Fields of the material for each hardening, and how checks are marked."""
PATHS = ("tension with shear", "unloading", "reversal", "simple shear")
DIRECTIONS = {
    "[001]": ((0.0, 0.0, 0.0), 66.7e3),
    "[011]": ((np.pi / 4, 0.0, 0.0), 130.3e3),
    "[111]": ((0.0, np.arctan(1 / np.sqrt(2)), np.pi / 4), 191.1e3),
}


def material_point(material: Material, euler: ArrayLike, tolerance: float = 1e-12) -> MaterialPoint:
    """Make a point of a grain with D = 0.2 mm and the parameters :data:`K`."""
    h, crss = hardening_modulus(material, K, SIZE), initial_crss(K, SIZE)
    return MaterialPoint(make_law(material, tolerance), euler, h, crss)


def trial_state(point: MaterialPoint, metric: np.ndarray, dt: float) -> tuple[np.ndarray, ...]:
    """State of :meth:`MaterialPoint.trial`, which must converge.

    Raises
    ------
    RuntimeError
        If it does not.
    """
    state = point.trial(metric, dt)
    if state is None:
        raise RuntimeError("a material point of the checks did not converge")
    return state


def random_path(rng: np.random.Generator, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw times (s) and in-plane gradients of a path of a few per cent (:data:`PATHS`)."""
    first = np.eye(2) + rng.uniform(-0.03, 0.03, (2, 2))
    if kind == "simple shear":
        first = np.eye(2) + np.array([[0.0, rng.uniform(0.02, 0.06)], [0.0, 0.0]])
    last = {
        "tension with shear": first + rng.uniform(-0.02, 0.02, (2, 2)),
        "unloading": first - 0.03 * (first - np.eye(2)),
        "reversal": 0.5 * (first + np.eye(2)),
        "simple shear": np.eye(2),
    }[kind]
    return np.array([0.0, 30.0, 50.0]), np.array([np.eye(2), first, last])


def compare_with_rate_form(
    seed: int, family: SlipFamily, law: Mapping[str, Any] = LAWS[""]
) -> tuple[Material, str, float]:
    """Run one random case; returns material, kind of path and the relative stress difference."""
    rng = np.random.default_rng(seed)
    material = Material(
        slip_family=family,
        rate_exponent=EXPONENTS[seed % len(EXPONENTS)],
        latent_ratio=(1.0, 1.4)[seed % 2],
        **law,
    )
    kind = PATHS[seed // 2 % len(PATHS)]
    euler = rng.uniform(0, 2 * np.pi, 3)
    times, gradients = random_path(rng, kind)
    point = material_point(material, euler, 1e-11)
    expected = RateForm(material, euler, point.h, point.crss[0]).run(times, gradients)
    stress = drive(point, times, gradients, LARGEST_STEP_S)
    return material, kind, float(np.abs(stress - expected).max() / np.abs(expected).max())


def step_errors(counts: tuple[int, ...]) -> np.ndarray:
    """Stress error in MPa after 3 % in ``counts`` steps, small ones first, against Radau."""
    material, euler = Material(), (0.3, 0.7, 1.1)
    end = np.array([[0.99, 0.01], [0.01, 1.03]])
    point = material_point(material, euler)
    form = RateForm(material, euler, point.h, point.crss[0])
    exact = form.run(np.array([0.0, 60.0]), np.array([np.eye(2), end]), rtol=1e-10)[-1]
    errors = []
    for count in counts:
        point, done = material_point(material, euler), 0.0
        for share in (np.arange(1, count + 1) / count) ** 2:
            point.advance(metric_of(np.eye(2) + share * (end - np.eye(2))), 60 * share - done)
            done = 60 * share
        errors.append(np.linalg.norm(point.stress - exact))
    return np.array(errors)


def directional_modulus(euler: tuple[float, float, float]) -> float:
    """Young's modulus along y in MPa from an instantaneous (elastic) tangent."""
    tangent = trial_state(material_point(Material(), euler), np.array([1.0, 1.0, 0.0]), 1e-9)[4]
    return 1 / np.linalg.inv(tangent)[1, 1]


def eight_system_flow_error(
    n: float, q: float, family: SlipFamily, law: Mapping[str, Any] = LAWS[""]
) -> float:
    """Relative error of the flow stress of a hardening [010] crystal at 3 % tension.

    Eight systems of either family share the flow, with the Schmid factor 1/sqrt(6): each has
    slipped sqrt(6)/8 of the plastic strain and hardens by h (1 + 7 q) times its slip, or by what
    saturation leaves of that; the Mandel stress is sqrt(6) times the resolved shear stress.
    """
    material = Material(slip_family=family, rate_exponent=n, latent_ratio=q, **law)
    crss, h = 40.0, 200.0
    constants = make_law(material, 1e-12)
    point = MaterialPoint(constants, (0, 0, 0), h, crss)
    rate, step, plastic, mandel = 5e-4, 0.1, [0.0], [0.0]
    for i in range(1, 601):
        stretch = 1 + rate * step * i
        point.advance(np.array([_stress_free_c11(point, stretch, step), stretch**2, 0.0]), step)
        # C22 = x + 2 S22 x^2 / E with x the square of the plastic stretch
        curvature = 2 * point.stress[1] * constants.s11
        square = (np.sqrt(1 + 4 * curvature * stretch**2) - 1) / (2 * curvature)
        plastic.append(0.5 * np.log(square))
        mandel.append(point.stress[1] * stretch**2)
    slip_rate = np.sqrt(6) / 8 * (plastic[-1] - plastic[-3]) / (2 * step)
    resistance = _hardened(material, crss, h * (1 + 7 * q) * np.sqrt(6) / 8 * plastic[-2])
    tau = resistance * (slip_rate / material.reference_slip_rate_per_s) ** (1 / n)
    return abs(mandel[-2] / (np.sqrt(6) * tau) - 1)


def _hardened(material: Material, crss: float, growth: float) -> float:
    """Resistance after a slip that linear hardening would raise it by ``growth``, MPa.

    With u = 1 - g/g_sat, du = -u^a dgrowth / g_sat.
    """
    if material.hardening == "linear":
        return crss + growth
    g_sat, a = material.g_sat_MPa, material.hardening_exponent
    left, change = 1 - crss / g_sat, growth / g_sat
    if left <= 0:
        return crss
    if a == 1:
        return g_sat * (1 - left * np.exp(-change))
    return g_sat * (1 - (left ** (1 - a) + (a - 1) * change) ** (1 / (1 - a)))


def _stress_free_c11(point: MaterialPoint, stretch: float, step: float) -> float:
    """C11 that leaves S11 = 0, by the secant rule."""

    def lateral_stress(c11: float) -> float:
        return trial_state(point, np.array([c11, stretch**2, 0.0]), step)[0][0]

    a, b = 1 / stretch, (1 - 1e-5) / stretch
    at_a, at_b = lateral_stress(a), lateral_stress(b)
    for _ in range(30):
        if abs(at_b) < 1e-8 or at_a == at_b:
            break
        a, b, at_a = b, b - at_b * (b - a) / (at_b - at_a), at_b
        at_b = lateral_stress(b)
    return b


class WithoutMandel(RateForm):
    """Resolves shear with the elastic stress Se instead of the Mandel stress."""

    def mandel_stress(self, fp: np.ndarray, metric: np.ndarray) -> np.ndarray:
        """Se (..., 3, 3) in MPa."""
        inverse = np.linalg.inv(fp)
        elastic = np.swapaxes(inverse, -1, -2) @ metric @ inverse
        return np.linalg.inv(elastic) @ super().mandel_stress(fp, metric)


def mandel_effect() -> float:
    """Relative stress change of a strong crystal if Se replaced the Mandel stress.

    The agreement with the rate form is far below it, so it shows which one the law uses.
    """
    material, euler, crss = Material(), (0.3, 0.7, 1.1), 300.0
    times, path = np.array([0.0, 60.0]), np.array([np.eye(2), [[0.99, 0.01], [0.01, 1.03]]])
    with_mandel, without = (
        form(material, euler, 100.0, crss).run(times, path)[-1]
        for form in (RateForm, WithoutMandel)
    )
    return float(np.abs(without - with_mandel).max() / np.abs(with_mandel).max())


def tangent_error(material: Material, euler: np.ndarray) -> float:
    """Largest difference of dS/dE from fourth-order differences, relative to its largest entry."""
    point = material_point(material, euler, 1e-13)
    direction = np.array([[-2, 1], [1, 5]]) * 1e-4
    for i in range(1, 40):
        point.advance(metric_of(np.eye(2) + i * direction), 1.0)
    base = metric_of(np.eye(2) + 40 * direction)
    tangent, numeric = trial_state(point, base, 1.0)[4], np.empty((3, 3))
    for j, scale in enumerate((2.0, 2.0, 1.0)):  # C11 = 2 E11 + 1, C12 = 2 E12
        shift = np.zeros(3)
        shift[j] = STRAIN_SHIFT * scale
        far, near, back_near, back_far = (
            trial_state(point, base + i * shift, 1.0)[0] for i in (2, 1, -1, -2)
        )
        numeric[:, j] = (8 * (near - back_near) - (far - back_far)) / (12 * STRAIN_SHIFT)
    return float(np.abs(tangent - numeric).max() / np.abs(numeric).max())


def cubic_operators() -> np.ndarray:
    """(24, 3, 3) proper rotations of the cube."""
    found = []
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        matrix = np.zeros((3, 3))
        matrix[range(3), order] = signs
        if np.linalg.det(matrix) > 0:
            found.append(matrix)
    return np.array(found)


def symmetry_error(family: SlipFamily, law: Mapping[str, Any] = LAWS[""]) -> float:
    """Spread of the stress over the 24 symmetry operators, relative to its largest component."""
    start = matrix_of_euler(np.array([0.4, 1.0, 2.0]))
    times = np.array([0.0, 20.0, 30.0])
    gradients = np.array([np.eye(2), [[0.995, 0.01], [0, 1.01]], [[1.0, 0.0], [0.01, 1.005]]])
    results = []
    for operator in cubic_operators():
        point = material_point(Material(slip_family=family, **law), (0, 0, 0))
        point.columns = np.ascontiguousarray((operator @ start)[:, :2].T)
        results.append(drive(point, times, gradients, max_step=0.5))
    return float(np.ptp(results, axis=0).max() / np.abs(results[0]).max())


def rotation_error(angle: float, family: SlipFamily) -> float:
    """Turn crystal and load about the sheet normal: S must turn alike (relative difference)."""
    c, s = np.cos(angle), np.sin(angle)
    turn, euler = np.array([[c, -s], [s, c]]), np.array([0.2, 0.9, 1.7])
    times, end = np.array([0.0, 40.0]), np.array([[0.99, 0.02], [0.0, 1.02]])
    material = Material(slip_family=family)

    def stress(euler: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        path = np.array([np.eye(2), gradient])
        s11, s22, s12 = drive(material_point(material, euler), times, path)[-1]
        return np.array([[s11, s12], [s12, s22]])

    expected = turn @ stress(euler, end) @ turn.T
    turned = stress(euler + [angle, 0, 0], turn @ end @ turn.T)
    return float(np.abs(turned - expected).max() / np.abs(expected).max())


def chapter(cases: int = 24) -> Chapter:
    """Run all checks of the point law."""
    found = Chapter(
        "point_law",
        "Point law",
        "The compiled law against an integration of the three-dimensional rate form (all nine "
        "components of Fp, SciPy's Radau, slip systems from Miller indices, stress from the "
        "stiffness) along random orientations and paths, and against analytic results, for both "
        "slip families. The difference is that of the stress at the corners of the path, over its "
        "largest value. Voce hardening saturates at 70 MPa here.",
    )
    _check_steps(found)
    for name, (euler, modulus) in DIRECTIONS.items():
        error = abs(directional_modulus(euler) / modulus - 1)
        found.check(f"Young's modulus along {name} against {modulus / 1e3:.1f} GPa", error, 1e-3)
    found.check("force change if shear were resolved with Se alone", mandel_effect(), 1e-3, True)
    for family, mark in product(FAMILIES, LAWS):
        _check_family(found, family, mark, cases)
    return found


def _check_steps(found: Chapter) -> None:
    """Add the order of convergence in the step."""
    counts = (50, 100, 200, 400, 800)
    errors = step_errors(counts)
    orders = np.log2(errors[:-1] / errors[1:])
    table = [
        [n, e, o] for n, e, o in zip(counts, errors.tolist(), ["", *orders.tolist()], strict=True)
    ]
    found.tables.append(Table("Steps", ["steps", "error, MPa", "order"], table))
    second = errors[-1] * (counts[-1] / np.array(counts)) ** 2
    lines = {"point law": errors, "second order": second}
    lines = {name: (list(counts), values.tolist()) for name, values in lines.items()}
    found.curves.append(
        Curves("Stress error of the point law", "steps", "error, MPa", lines, log=True)
    )
    found.check("order of convergence in the step", orders[-1], 1.8, at_least=True)


def _check_family(found: Chapter, family: SlipFamily, mark: str, cases: int) -> None:
    """Add what depends on slip systems and hardening, whose ``mark`` is in :data:`LAWS`."""
    law, name = LAWS[mark], f"{family}: {mark}"
    if mark:
        cases //= 3
    rows: list[list] = []
    for seed in range(cases):
        material, kind, error = compare_with_rate_form(seed, family, law)
        rows.append([seed, material.rate_exponent, material.latent_ratio, kind, error])
    columns = ["case", "n", "q", "path", "difference"]
    title = f"Rate form, {mark.lower()}{family}"
    found.tables.append(Table(title, columns, rows))
    worst = max(row[-1] for row in rows)
    found.check(f"{name}rate form, {cases} random cases: largest difference", worst, 1e-3)
    for n, q in product((10.0, 20.0, 50.0), (1.0, 1.4)):
        error = eight_system_flow_error(n, q, family, law)
        case = f"eight-system flow stress of [010], n = {n:g}, q = {q}"
        found.check(f"{name}{case}", error, 1e-6)
    rng = np.random.default_rng(3)
    for n, q in ((10.0, 1.0), (17.5, 1.4)):
        material = Material(slip_family=family, rate_exponent=n, latent_ratio=q, **law)
        error = tangent_error(material, rng.uniform(0, 6, 3))
        found.check(f"{name}tangent against differences, n = {n:g}, q = {q}", error, 1e-6)
    error = symmetry_error(family, law)
    found.check(f"{name}24 cubic operators: spread of the stress", error, 1e-10)
    if not mark:
        found.check(f"{name}crystal and load turned together", rotation_error(0.6, family), 1e-8)
