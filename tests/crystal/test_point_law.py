"""The point law against the three-dimensional rate form and analytic results."""

import numpy as np
import pytest
from slipfield.crystal.driver import MaterialPoint, drive, metric_of, run_point
from slipfield.crystal.law import hardening_modulus, initial_crss, make_law
from slipfield.study import Material

from tests.crystal.rate_form import RateForm

K = (120.0, 25.0, 12.0)
SIZE = 0.2


def make_point(material, euler, size=SIZE, k=K, tolerance=1e-12):
    h, crss = hardening_modulus(material, k, size), initial_crss(k, size)
    return MaterialPoint(make_law(material, tolerance), euler, h, crss)


def random_path(rng, reversal):
    """Two or three linear segments of a few per cent, with shear and rotation."""
    corners = [np.eye(2)]
    target = np.eye(2) + rng.uniform(-0.03, 0.03, (2, 2))
    corners.append(target)
    corners.append(0.5 * (target + np.eye(2)) if reversal else target + rng.uniform(-0.02, 0.02, (2, 2)))
    return np.array([0.0, 30.0, 50.0]), np.array(corners)


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_independent_rate_form(seed):
    rng = np.random.default_rng(seed)
    material = Material(
        rate_exponent=[10.0, 10.5, 20.0, 50.0][seed % 4], latent_ratio=[1.0, 1.4][seed % 2]
    )
    euler = rng.uniform(0, 2 * np.pi, 3)
    times, gradients = random_path(rng, reversal=seed % 3 == 0)
    stress = run_point(material, euler, SIZE, K, times, gradients)
    h, crss = hardening_modulus(material, K, SIZE), initial_crss(K, SIZE)
    expected = RateForm(material, euler, h, crss).run(times, gradients)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(stress, expected, atol=1e-3 * scale)


def test_second_order_in_the_step():
    material = Material()
    euler = (0.3, 0.7, 1.1)
    times = np.array([0.0, 60.0])
    gradients = np.array([np.eye(2), [[0.99, 0.01], [0.01, 1.03]]])
    h, crss = hardening_modulus(material, K, SIZE), initial_crss(K, SIZE)
    exact = RateForm(material, euler, h, crss).run(times, gradients, rtol=1e-10)[-1]
    errors = []
    for n in (100, 200, 400):
        point = make_point(material, euler)
        done = 0.0
        for t in 60 * (np.arange(1, n + 1) / n) ** 2:  # small first steps: they are Euler's
            F = gradients[0] + (gradients[1] - gradients[0]) * t / 60
            assert point.advance(metric_of(F), t - done)
            done = t
        errors.append(np.linalg.norm(point.stress - exact))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (orders > 1.7).all(), (errors, orders)


@pytest.mark.parametrize(
    ("euler", "modulus"),
    [
        ((0, 0, 0), 66.7e3),
        ((np.pi / 4, 0, 0), 130.3e3),
        # crystal [111] along the sample's y axis
        ((0, np.arctan(1 / np.sqrt(2)), np.pi / 4), 191.1e3),
    ],
)
def test_directional_youngs_modulus(euler, modulus):
    point = make_point(Material(), euler)
    state = point.trial(np.array([1.0, 1.0, 0.0]), 1e-9)
    compliance = np.linalg.inv(state[4])
    assert 1 / compliance[1, 1] == pytest.approx(modulus, rel=1e-3)


@pytest.mark.parametrize("n", [10.0, 20.0, 50.0])
@pytest.mark.parametrize("q", [1.0, 1.4])
def test_001_crystal_slips_on_eight_systems_at_the_analytic_stress(n, q):
    """Steady flow of [010] || y: eight systems at gamma = sqrt(6)/8 of the plastic strain rate."""
    material = Material(rate_exponent=n, latent_ratio=q, h0_MPa=0.0)
    crss = 40.0
    point = MaterialPoint(make_law(material, 1e-12), (0, 0, 0), 0.0, crss)
    rate, step = 5e-4, 0.02
    stretch = 1.0
    for i in range(1, 301):
        stretch = 1 + rate * step * i
        lateral = _lateral_stretch(point, stretch, step)
        assert point.advance(np.array([lateral, stretch**2, 0.0]), step)
    slip_rate = np.sqrt(6) / 8 * rate / stretch
    tau = crss * (slip_rate / material.reference_slip_rate_per_s) ** (1 / n)
    mandel = point.stress[1] * stretch**2
    assert mandel == pytest.approx(np.sqrt(6) * tau, rel=2e-3)


def _lateral_stretch(point, stretch, step):
    """C11 that leaves S11 = 0, by the secant rule."""
    c = [point_c for point_c in (1 / stretch, 1 / stretch * (1 - 1e-5))]
    s = [point.trial(np.array([x, stretch**2, 0.0]), step)[0][0] for x in c]
    for _ in range(30):
        if abs(s[1]) < 1e-8 or s[1] == s[0]:
            break
        new = c[1] - s[1] * (c[1] - c[0]) / (s[1] - s[0])
        c, s = [c[1], new], [s[1], point.trial(np.array([new, stretch**2, 0.0]), step)[0][0]]
    return c[1]


def test_tangent_is_the_derivative_of_the_stress():
    rng = np.random.default_rng(3)
    for material in (Material(), Material(latent_ratio=1.4, rate_exponent=17.5)):
        point = make_point(material, rng.uniform(0, 6, 3), tolerance=1e-13)
        for i in range(1, 40):
            assert point.advance(metric_of(np.eye(2) + i * np.array([[-2, 1], [1, 5]]) * 1e-4), 1.0)
        base = metric_of(np.eye(2) + 40 * np.array([[-2, 1], [1, 5]]) * 1e-4)
        # a converged first iterate, so that the returned tangent is that of the solution
        tangent = point.trial(base, 1.0)[4]
        numeric = np.empty((3, 3))
        for j, scale in enumerate((2.0, 2.0, 1.0)):  # C11 = 2 E11 + 1, C12 = (2 E12)
            step = np.zeros(3)
            step[j] = 1e-6 * scale
            plus, minus = (point.trial(base + x, 1.0)[0] for x in (step, -step))
            numeric[:, j] = (plus - minus) / 2e-6
        assert np.abs(tangent - numeric).max() <= 1e-6 * np.abs(numeric).max()


def test_all_cubic_symmetry_operators_leave_the_response_unchanged():
    from itertools import permutations, product

    operators = []
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        matrix = np.zeros((3, 3))
        matrix[range(3), order] = signs
        if np.linalg.det(matrix) > 0:
            operators.append(matrix)
    assert len(operators) == 24
    from slipfield.crystal.law import rotation_matrix

    H = rotation_matrix(np.array([0.4, 1.0, 2.0]))
    times = np.array([0.0, 20.0, 30.0])
    gradients = np.array([np.eye(2), [[0.995, 0.01], [0, 1.01]], [[1.0, 0.0], [0.01, 1.005]]])
    results = []
    for operator in operators:
        point = make_point(Material(), (0, 0, 0))
        point.columns = np.ascontiguousarray((operator @ H)[:, :2].T)
        results.append(drive(point, times, gradients, max_step=0.5))
    spread = np.ptp(results, axis=0).max()
    assert spread < 1e-10 * np.abs(results[0]).max()


def test_rotating_crystal_and_load_together_rotates_the_stress():
    """Turn the crystal about the sheet normal by t and C with it: S turns alike."""
    t = 0.6
    R = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    times = np.array([0.0, 40.0])
    F = np.array([[0.99, 0.02], [0.0, 1.02]])
    euler = np.array([0.2, 0.9, 1.7])
    base = run_point(Material(), euler, SIZE, K, times, np.array([np.eye(2), F]))[-1]
    # active rotation of the crystal by t about z adds t to phi1
    turned = run_point(
        Material(), euler + [t, 0, 0], SIZE, K, times, np.array([np.eye(2), R @ F @ R.T])
    )[-1]
    S = np.array([[base[0], base[2]], [base[2], base[1]]])
    expected = R @ S @ R.T
    np.testing.assert_allclose(
        turned, [expected[0, 0], expected[1, 1], expected[0, 1]], rtol=1e-8, atol=1e-6
    )


def test_single_slip_resolves_on_the_most_favoured_system():
    """Just after yield the crystal turned for single slip shears on one Schmid tensor."""
    material = Material(rate_exponent=50.0)
    euler = (0.9, 0.5, 0.2)
    point = make_point(material, euler)
    form = RateForm(material, euler, point.h, point.crss[0])
    times = np.linspace(0, 2.0, 3)
    gradients = np.array([np.eye(2) + t * np.array([[-2e-4, 0], [0, 5e-4]]) for t in times])
    stress = drive(point, times, gradients)
    np.testing.assert_allclose(
        stress, form.run(times, gradients), atol=1e-3 * np.abs(stress).max()
    )
    slip = np.einsum("aij,ij->a", form.P, point.slip)
    assert np.abs(slip).max() > 0
