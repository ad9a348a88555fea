"""The point law: tangents against differences, uniaxial paths against the closed form."""

import numpy as np
import pytest

from slipfield.kinds.curves.laws import HockettSherby, Ludwik, Swift, Tabulated, Voce
from slipfield.kinds.curves.tension import point
from slipfield.kinds.curves.uniaxial import stress_at

LAWS = [
    Ludwik(220.0, 350.0, 0.3),
    Voce(137.5, 82.5, 35.9),
    Swift(890.0, 0.015, 0.25),
    HockettSherby(290.0, 1700.0, 1.4, 0.9),
    Tabulated((0.0, 0.02, 0.1, 0.3), (250.0, 300.0, 340.0, 360.0)),
]
RANDOM = np.random.default_rng(0)


def material(law=LAWS[0]):
    return point.Material(70e3, 0.33, law)


def differences(respond, gradient, step=1e-6):
    """Derivative of the stress to each component of F."""
    shape = gradient.shape[1:]
    columns = np.empty((*gradient.shape, *shape))
    for index in np.ndindex(shape):
        up, down = gradient.copy(), gradient.copy()
        up[(slice(None), *index)] += step
        down[(slice(None), *index)] -= step
        columns[(..., *index)] = (respond(up) - respond(down)) / (2 * step)
    return columns


@pytest.mark.parametrize("finite", [True, False])
def test_tangents_of_first_and_later_loading_are_derivatives(finite):
    first = np.eye(3) + 0.05 * RANDOM.normal(size=(20, 3, 3))
    start = point.virgin(20, finite)
    _, _, later = point.respond(material(), first, start, finite)
    for history, gradient in ((start, first), (later, first + 0.01)):
        _, tangent, _ = point.respond(material(), gradient, history, finite)

        def stress(F, history=history):
            return point.respond(material(), F, history, finite)[0]

        found = differences(stress, gradient)
        np.testing.assert_allclose(tangent, found, atol=1e-7 * np.abs(tangent).max())


@pytest.mark.parametrize("finite", [True, False])
def test_a_sheet_has_no_stress_through_its_thickness(finite):
    gradient = np.eye(2) + 0.02 * RANDOM.normal(size=(20, 2, 2))
    start, ones = point.virgin(20, finite), np.ones(20)

    def plane(gradient):
        return point.plane_stress(material(), gradient, ones, start, finite)

    stress, tangent, thickness, _ = plane(gradient)
    whole = np.zeros((20, 3, 3))
    whole[:, :2, :2], whole[:, 2, 2] = gradient, thickness
    in_space, _, _ = point.respond(material(), whole, start, finite)
    assert np.abs(in_space[:, 2, 2]).max() < 1e-5
    np.testing.assert_allclose(stress, in_space[:, :2, :2], atol=1e-9)
    found = differences(lambda F: plane(F)[0], gradient)
    np.testing.assert_allclose(tangent, found, atol=1e-7 * np.abs(tangent).max())


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_uniaxial_steps_follow_the_closed_form(law):
    """One element in tension: lateral stretches are solved for, the axial one is given."""
    metal = material(law)
    history, lateral, thickness = point.virgin(1, True), 1.0, np.ones(1)
    strains = np.linspace(0, 0.25, 26)[1:]
    for strain in strains:
        for _ in range(50):
            gradient = np.array([[[np.exp(strain), 0], [0, lateral]]])
            stress, tangent, thickness, after = point.plane_stress(
                metal, gradient, thickness, history, True
            )
            change = stress[0, 1, 1] / tangent[0, 1, 1, 1, 1]
            lateral -= np.clip(change, -0.02, 0.02)
            if abs(change) < 1e-13:
                break
        history = after
        kirchhoff = stress[0, 0, 0] * np.exp(strain)
        assert kirchhoff == pytest.approx(stress_at(law, 70e3, np.array([strain]))[0], rel=1e-8)


def test_unloading_is_elastic_and_turning_changes_nothing():
    metal, start = material(), point.virgin(1, True)
    stretched = np.diag([1.03, 0.985, 0.985])[None]
    stress, _, after = point.finite_strain(metal, stretched, start)
    less = np.diag([1.0299, 0.985, 0.985])[None]
    back, _, again = point.finite_strain(metal, less, after)
    assert again.accumulated[0] == after.accumulated[0] and back[0, 0, 0] < stress[0, 0, 0]
    turn = np.linalg.qr(RANDOM.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    turned, _, _ = point.finite_strain(metal, turn @ stretched, start)
    np.testing.assert_allclose(turned, turn @ stress, atol=1e-9)
