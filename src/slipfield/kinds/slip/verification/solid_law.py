"""The point law in three dimensions against the rate form, differences and the membrane."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from slipfield.kinds.slip.crystal.driver import MaterialPoint, metric_of
from slipfield.kinds.slip.crystal.law import hardening_modulus, initial_crss, make_law
from slipfield.kinds.slip.crystal.solid_driver import SIX, SolidPoint, follow, tensor_of
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.study import Material, SlipFamily
from slipfield.kinds.slip.verification.point_law import (
    EXPONENTS,
    FAMILIES,
    LAWS,
    SIZE,
    K,
    cubic_operators,
)
from slipfield.kinds.slip.verification.rate_form import RateForm
from slipfield.kinds.slip.verification.result import Chapter, Table

STRAIN_SHIFT = 1e-6


def solid_point(material: Material, euler: np.ndarray, tolerance: float = 1e-12) -> SolidPoint:
    """Make a point of a grain with D = 0.2 mm and the parameters of the point-law checks."""
    h, crss = hardening_modulus(material, K, SIZE), initial_crss(K, SIZE)
    return SolidPoint(make_law(material, tolerance), euler, h, crss)


def random_path(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Times (s) and F (3, 3, 3) of a path of some per cent that nearly keeps the volume."""
    gradients = [np.eye(3)]
    for size in (0.03, 0.02):
        change = rng.uniform(-size, size, (3, 3))
        gradient = gradients[-1] + change
        gradients.append(gradient * np.linalg.det(gradient) ** (-1 / 3) * (1 + 1e-4))
    return np.array([0.0, 30.0, 50.0]), np.array(gradients)


def compare_with_rate_form(
    seed: int, family: SlipFamily, law: Mapping[str, Any] = LAWS[""]
) -> tuple[Material, float]:
    """Run one random case; returns the material and the relative stress difference."""
    rng = np.random.default_rng(seed)
    material = Material(
        slip_family=family,
        rate_exponent=EXPONENTS[seed % len(EXPONENTS)],
        latent_ratio=(1.0, 1.4)[seed % 2],
        **law,
    )
    euler = rng.uniform(0, 2 * np.pi, 3)
    times, gradients = random_path(rng)
    point = solid_point(material, euler, 1e-11)
    expected = RateForm(material, euler, point.h, point.crss[0]).run_solid(times, gradients)
    stress = follow(point, times, gradients)
    return material, float(np.abs(stress - expected).max() / np.abs(expected).max())


def tangent_error(material: Material, euler: np.ndarray) -> float:
    """Largest difference of dS/dE from fourth-order differences, relative to its largest entry."""
    point = solid_point(material, euler, 1e-13)
    direction = np.array([[-2, 1, 0.5], [1, 5, -1], [2, 0, -3]]) * 1e-4

    def metric(steps: float) -> np.ndarray:
        gradient = np.eye(3) + steps * direction
        return gradient.T @ gradient

    for i in range(1, 40):
        point.advance(metric(i), 1.0)
    base = metric(40)

    def stress(metric: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        state = point.trial(metric, 1.0)
        if state is None:
            raise RuntimeError("a material point of the checks did not converge")
        six, _, flow, _, tangent = state
        return flow @ tensor_of(six) @ flow.T, flow, tangent

    _, flow, tangent = stress(base)
    worst = largest = 0.0
    for i, j in SIX:
        unit = np.zeros((3, 3))
        unit[i, j] = unit[j, i] = 1.0
        strain = flow.T @ unit @ flow  # of the metric's half, in the axes of the tangent
        six = np.array([strain[a, b] * (1 if a == b else 2) for a, b in SIX])
        found = flow @ tensor_of(tangent @ six) @ flow.T
        far, near, back_near, back_far = (
            stress(base + 2 * k * STRAIN_SHIFT * unit)[0] for k in (2, 1, -1, -2)
        )
        numeric = (8 * (near - back_near) - (far - back_far)) / (12 * STRAIN_SHIFT)
        worst = max(worst, np.abs(found - numeric).max())
        largest = max(largest, np.abs(numeric).max())
    return float(worst / largest)


def symmetry_error(family: SlipFamily) -> float:
    """Spread of the stress over the 24 symmetry operators, relative to its largest component."""
    start = matrix_of_euler(np.array([0.4, 1.0, 2.0]))
    times, gradients = random_path(np.random.default_rng(5))
    results = []
    for operator in cubic_operators():
        point = solid_point(Material(slip_family=family), np.zeros(3))
        point.inverse_flow = np.ascontiguousarray((operator @ start).T)
        results.append(follow(point, times, gradients, steps=60))
    return float(np.ptp(results, axis=0).max() / np.abs(results[0]).max())


def membrane_difference(material: Material, euler: np.ndarray, steps: int = 400) -> float:
    """Stress of a solid point with free faces against the membrane, over its largest value.

    C13, C23 and C33 of the solid follow by Newton steps until S13 = S23 = S33 = 0.
    """
    solid = solid_point(material, euler, 1e-12)
    sheet = MaterialPoint(make_law(material, 1e-12), euler, solid.h, solid.crss[0])
    end = np.array([[-0.012, 0.015], [0.005, 0.03]])
    out, free = np.array([0.0, 0.0, 1.0]), [2, 3, 4]  # C13, C23, C33; S33, S23, S13
    difference = largest = 0.0
    for i in range(1, steps + 1):
        share = (i / steps) ** 2
        dt = 60 * (share - ((i - 1) / steps) ** 2)
        plane = np.eye(2) + share * end
        sheet.advance(metric_of(plane), dt)
        for _ in range(8):
            metric = np.zeros((3, 3))
            metric[:2, :2] = plane.T @ plane
            metric[0, 2] = metric[2, 0] = out[0]
            metric[1, 2] = metric[2, 1] = out[1]
            metric[2, 2] = out[2]
            stress, jacobian = _reference(solid, metric, dt)
            # dS/dC: half of dS/d(E33, 2 E23, 2 E13) with C33 = 2 E33 + 1, C23 = 2 E23
            block = jacobian[np.ix_(free, free)] * np.array([0.5, 1.0, 1.0])
            change = np.linalg.solve(block, [stress[2, 2], stress[1, 2], stress[0, 2]])
            out = out - change[[2, 1, 0]]
        solid.advance(metric, dt)
        pair = solid.stress[[0, 1, 0], [0, 1, 1]]
        difference = max(difference, np.abs(pair - sheet.stress).max())
        largest = max(largest, np.abs(sheet.stress).max())
    return float(difference / largest)


def _reference(point: SolidPoint, metric: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Trial stress S (3, 3) and tangent dS/d(E11, E22, E33, 2 E23, 2 E13, 2 E12) (6, 6), MPa."""
    state = point.trial(metric, dt)
    if state is None:
        raise RuntimeError("a material point of the checks did not converge")
    six, _, flow, _, tangent = state
    columns = []
    for i, j in SIX:
        unit = np.zeros((3, 3))
        unit[i, j] = unit[j, i] = 1.0 if i == j else 0.5
        strain = flow.T @ unit @ flow
        pushed = np.array([strain[a, b] * (1 if a == b else 2) for a, b in SIX])
        full = flow @ tensor_of(tangent @ pushed) @ flow.T
        columns.append([full[a, b] for a, b in SIX])
    return flow @ tensor_of(six) @ flow.T, np.array(columns).T


def chapter(cases: int = 12) -> Chapter:
    """Run all checks of the point law in three dimensions."""
    found = Chapter(
        "solid_law",
        "Point law in three dimensions",
        "The compiled law of the solid against the rate form driven by all nine components of F, "
        "along random orientations and paths that nearly keep the volume, for both slip families; "
        "its tangent against differences; and against the membrane's law where its faces are freed "
        "by Newton steps on C13, C23 and C33. The difference is that of the stress at the corners "
        "of the path, over its largest value.",
    )
    for family, mark in product(FAMILIES, LAWS):
        _check_family(found, family, mark, cases)
    return found


def _check_family(found: Chapter, family: SlipFamily, mark: str, cases: int) -> None:
    """Add what depends on slip systems and hardening, whose ``mark`` is in :data:`LAWS`."""
    law, name = LAWS[mark], f"{family}: {mark}"
    if mark:
        cases //= 3
    rows: list[list] = []
    for seed in range(cases):
        material, error = compare_with_rate_form(seed, family, law)
        rows.append([seed, material.rate_exponent, material.latent_ratio, error])
    columns = ["case", "n", "q", "difference"]
    title = f"Solid, rate form, {mark.lower()}{family}"
    found.tables.append(Table(title, columns, rows))
    worst = max(row[-1] for row in rows)
    found.check(f"{name}rate form, {cases} random cases: largest difference", worst, 1e-3)
    rng = np.random.default_rng(3)
    for n, q in ((10.0, 1.0), (17.5, 1.4)):
        material = Material(slip_family=family, rate_exponent=n, latent_ratio=q, **law)
        error = tangent_error(material, rng.uniform(0, 6, 3))
        found.check(f"{name}tangent against differences, n = {n:g}, q = {q}", error, 1e-6)
    if not mark:
        error = symmetry_error(family)
        found.check(f"{name}24 cubic operators: spread of the stress", error, 1e-10)
    material = Material(slip_family=family, **law)
    error = membrane_difference(material, rng.uniform(0, 6, 3))
    found.check(f"{name}freed faces against the membrane", error, 1e-4)
