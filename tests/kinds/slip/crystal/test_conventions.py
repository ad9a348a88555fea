"""The table of slip systems in docs/conventions.md against the compiled law."""

import re
from pathlib import Path

import numpy as np
import pytest

from slipfield.kinds.slip.crystal.driver import MaterialPoint
from slipfield.kinds.slip.crystal.law import make_law
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.study import Material

PAGE = Path(__file__).parents[4] / "docs" / "conventions.md"
LATENT = 0.6
HARDENING, CRSS, STEP = 500.0, 20.0, 2.0  # MPa, MPa, s


def listed_systems(family: str) -> tuple[np.ndarray, np.ndarray]:
    """Unit directions and normals, (12, 3) each, in the order of the page."""
    triple = r"(-?1|0) (-?1|0) (-?1|0)"
    rows = re.findall(rf"^\| (\d+) \| \({triple}\) \| \[{triple}\] \|", PAGE.read_text(), re.M)
    numbers = np.array(rows, dtype=int)
    assert numbers[:, 0].tolist() == list(range(12))
    axis, line = numbers[:, 1:4] / np.sqrt(3), numbers[:, 4:] / np.sqrt(2)
    return {"fcc": (line, axis), "bcc": (axis, line)}[family]


def resolved_shear(material: Material, columns: np.ndarray, stress: np.ndarray) -> np.ndarray:
    """Resolved Mandel stress (12,) in MPa for S11, S22, S12 on the columns (2, 3) of Fp."""
    direction, normal = listed_systems(material.slip_family)
    s = np.array([[stress[0], stress[2]], [stress[2], stress[1]]])
    second = columns.T @ s @ columns
    c11, c12, c44 = material.c11_MPa, material.c12_MPa, material.c44_MPa
    stiffness = np.full((3, 3), c12) + (c11 - c12) * np.eye(3)
    elastic = second / (2 * c44)
    np.fill_diagonal(elastic, np.linalg.solve(stiffness, np.diag(second)))
    mandel = (np.eye(3) + 2 * elastic) @ second
    return np.einsum("ai,ij,aj->a", direction, mandel, normal)


@pytest.mark.parametrize("family", ["fcc", "bcc"])
@pytest.mark.parametrize("seed", range(4))
def test_systems_slip_and_harden_in_the_order_of_the_page(seed, family):
    """One backward Euler step; how far each system slipped follows from its hardening."""
    material = Material(slip_family=family, latent_ratio=LATENT)
    rng = np.random.default_rng(seed)
    euler = rng.uniform(0, 2 * np.pi, 3)
    point = MaterialPoint(make_law(material, 1e-13), euler, HARDENING, CRSS)
    metric = np.array([1, 1, 0]) + rng.uniform(-1, 1, 3) * np.array([2e-3, 2e-3, 1e-3])
    stress, crss, _, slip_tensor, _ = point.trial(metric, STEP)

    q = LATENT
    total = (crss - CRSS).sum() / (HARDENING * (1 + 11 * q))
    slip = (crss - CRSS - q * HARDENING * total) / (HARDENING * (1 - q))
    tau = resolved_shear(material, matrix_of_euler(euler)[:, :2].T, stress)
    rate = material.reference_slip_rate_per_s * np.abs(tau / crss) ** material.rate_exponent
    np.testing.assert_allclose(slip, STEP * rate, rtol=1e-5, atol=1e-10)
    assert slip.max() > 1e-4

    direction, normal = listed_systems(family)
    expected = np.einsum("a,ai,aj->ij", np.sign(tau) * slip, direction, normal)
    np.testing.assert_allclose(slip_tensor, expected, atol=1e-9)
