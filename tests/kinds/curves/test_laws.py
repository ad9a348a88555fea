"""Laws, necking and proof stress against numerical differentiation and maxima on fine grids."""

import numpy as np
import pytest

from slipfield.kinds.curves.laws import HockettSherby, Ludwik, Swift, Tabulated, Voce
from slipfield.kinds.curves.uniaxial import (
    necking,
    plastic_strain_at,
    proof_stress,
    root,
    stress_at,
)

E = 70e3
LAWS = [
    Ludwik(220.0, 350.0, 0.3),
    Voce(137.5, 82.5, 35.9),
    Voce(200.0, -50.0, -2.0),
    HockettSherby(290.0, 1700.0, 1.4, 0.9),
    Swift(890.0, 0.015, 0.25),
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_slope_is_the_derivative(law):
    plastic = np.linspace(0.01, 0.5, 40)
    step = 1e-6
    numerical = (law.flow(plastic + step) - law.flow(plastic - step)) / (2 * step)
    np.testing.assert_allclose(law.slope(plastic), numerical, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("law", [law for law in LAWS if law.flow(0.0) != 200.0])
def test_necking_is_where_the_load_is_largest(law):
    plastic = np.linspace(0, 1.5, 300_001)
    stress = law.flow(plastic)
    strain = plastic + stress / E
    load = stress * np.exp(-strain)
    found = necking(law, E)
    assert found.engineering_stress_MPa == pytest.approx(load.max(), rel=1e-8)
    assert found.true_strain == pytest.approx(strain[load.argmax()], abs=2e-5)


def test_strains_of_necking_are_those_of_the_paper_s_extremes():
    """Timetal 21S and nickel 201, by hand from h = tau / (1 - tau / E)."""
    assert necking(Ludwik(917, 946, 0.3), 110e3).true_strain == pytest.approx(0.1138, abs=1e-4)
    assert necking(Ludwik(100, 440, 0.3), 206e3).true_strain == pytest.approx(0.2224, abs=1e-4)


def test_a_law_without_maximum_says_so():
    assert necking(Ludwik(100.0, 1000.0, 5.0), E) is not None
    assert necking(Voce(100.0, -1e-3, -8.0), E).plastic_strain == 0
    assert necking(Voce(1.0, -1.0, -3.0), 1e6) is None


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_strain_is_elastic_plus_plastic(law):
    strain = np.linspace(0, 0.3, 50)
    plastic, stress = plastic_strain_at(law, E, strain), stress_at(law, E, strain)
    np.testing.assert_allclose(stress / E + plastic, strain, atol=1e-14)
    assert stress[1] == pytest.approx(law.flow(plastic[1]) if plastic[1] else E * strain[1])


def test_proof_stress_is_on_the_offset_line():
    law = Voce(137.5, 82.5, 35.9)
    strain = np.linspace(0, 0.02, 200_001)
    stress = stress_at(law, E, strain) * np.exp(-strain)
    nominal = np.expm1(strain)
    crossing = np.argmax(stress <= E * (nominal - 0.002))
    assert proof_stress(law, E) == pytest.approx(stress[crossing], rel=1e-6)


def test_a_table_is_straight_between_its_rows():
    table = Tabulated((0.0, 0.1, 0.3), (100.0, 200.0, 220.0))
    np.testing.assert_allclose(table.flow(np.array([0.05, 0.2, 0.5])), [150, 210, 220])
    np.testing.assert_allclose(table.slope(np.array([0.0, 0.1, 0.2, 0.5])), [1000, 100, 100, 0])


def test_root_needs_a_change_of_sign():
    assert root(lambda x: x * x - 2, 0, 2) == pytest.approx(2**0.5, rel=1e-15)
    assert root(lambda x: x * x + 2, 0, 2) is None
