"""The simulated tension test against the closed form and Considère."""

import numpy as np
import pytest

from slipfield.kinds.curves.exports import solver_table
from slipfield.kinds.curves.laws import Ludwik, Swift, Voce
from slipfield.kinds.curves.tension.equilibrium import Specimen
from slipfield.kinds.curves.tension.point import Material
from slipfield.kinds.curves.tension.specimen import Cells, Geometry, make_mesh
from slipfield.kinds.curves.tension.stepping import run_test
from slipfield.kinds.curves.uniaxial import necking, stress_at

E = 70e3
COARSE = Cells(4, 2, 2, 1, 1, 1)
LAWS = {
    "ludwik": Ludwik(220.0, 350.0, 0.3),
    "voce": Voce(250.0, 120.0, 20.0),
    "swift": Swift(500.0, 0.01, 0.15),
}


def closed_form(law, strain):
    """Engineering stress at engineering strains."""
    return stress_at(law, E, np.log1p(strain)) / (1 + np.asarray(strain))


class Watched(Specimen):
    """A specimen in finite strain that keeps the equivalent stress, MPa, in its middle."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.equivalent_MPa = []

    def middle(self):
        gradient = self.gradient.eval(self.mesh, self.cells).reshape(-1, 2, 2)[self.centre]
        nominal = self.stress.x.array.reshape(-1, 2, 2)[self.centre]
        (axial, shear), (_, lateral) = nominal @ (np.eye(2) + gradient).T
        squares = axial**2 - axial * lateral + lateral**2 + 3 * shear**2
        self.equivalent_MPa.append(squares**0.5)
        return super().middle()


@pytest.mark.parametrize("name", LAWS)
def test_up_to_the_peak_the_test_is_the_closed_form(name):
    """The equivalent stress to the maximum itself, where the neck begins to pull sideways."""
    law = LAWS[name]
    top = necking(law, E)
    specimen = Watched(Geometry(taper=0.0), COARSE, 2, True)
    record = run_test(specimen, Material(E, 0.33, law), 70 * top.engineering_strain)
    local = stress_at(law, E, np.array(record.middle_strain))
    most = int(np.argmax(record.stress_MPa)) + 1
    np.testing.assert_allclose(specimen.equivalent_MPa[:most], local[:most], rtol=1e-5)
    peak = np.searchsorted(record.strain, 0.9 * top.engineering_strain)
    np.testing.assert_allclose(record.middle_stress_MPa[:peak], local[:peak], rtol=1e-4)
    nominal = closed_form(law, record.strain[:peak])
    np.testing.assert_allclose(record.stress_MPa[:peak], nominal, rtol=5e-4)
    assert record.strain[peak - 1] > 0.8 * top.engineering_strain


def test_small_strain_is_the_closed_form_of_small_strain():
    law = LAWS["ludwik"]
    specimen = Specimen(Geometry(taper=0.0), COARSE, 2, False)
    record = run_test(specimen, Material(E, 0.33, law), 6.0)
    np.testing.assert_allclose(
        record.middle_stress_MPa, stress_at(law, E, np.array(record.middle_strain)), rtol=1e-5
    )


@pytest.mark.slow
def test_the_maximum_of_the_load_is_considere_s():
    law = LAWS["ludwik"]
    top = necking(law, E)
    for made_of in (law, solver_table(law, 3 * top.plastic_strain)):
        specimen = Specimen(Geometry(), COARSE, 2, True)
        record = run_test(specimen, Material(E, 0.33, made_of), 60.0)
        assert record.stress_MPa[-1] < max(record.stress_MPa)
        assert record.maximum()[1] == pytest.approx(top.engineering_stress_MPa, rel=1e-3)


def test_an_eighth_in_space_agrees_with_the_sheet():
    law = LAWS["voce"]
    loads = []
    for dimension in (2, 3):
        specimen = Specimen(Geometry(), Cells(2, 1, 1, 1, 1, 1), dimension, True)
        record = run_test(specimen, Material(E, 0.33, law), 1.0)
        loads.append(np.interp(0.008, record.strain, record.stress_MPa))
    assert loads[1] == pytest.approx(loads[0], rel=1e-3)


def test_the_mesh_has_the_measures_of_the_specimen():
    geometry = Geometry()
    points = make_mesh(geometry, Cells(), 3).geometry.x
    assert points[:, 0].max() == pytest.approx(geometry.half_length_mm)
    assert points[:, 2].max() == pytest.approx(1.5)
    middle = points[points[:, 0] == 0, 1].max()
    assert middle == pytest.approx(6.25 * 0.998) and points[:, 1].max() == pytest.approx(10.0)
    ends = points[np.isclose(points[:, 0], 25.0), 1].max()
    assert ends == pytest.approx(6.25 * (1 - 0.002 * 5 / 9))
