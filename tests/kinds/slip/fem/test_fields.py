"""Point fields against the rate form; the file that ParaView opens."""

from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.linalg import polar
from scipy.spatial.transform import Rotation

from slipfield.kinds.slip.crystal.law import hardening_modulus, initial_crss
from slipfield.kinds.slip.fem.paraview import CELL_FIELDS, ParaviewWriter
from slipfield.kinds.slip.fem.point_fields import PointFields
from slipfield.kinds.slip.fem.stepping import Stepper
from slipfield.kinds.slip.verification.equilibrium import AFFINE, GENERAL, TIGHT, AffineProblem, run
from slipfield.kinds.slip.verification.rate_form import RateForm, bunge
from slipfield.kinds.slip.verification.specimens import (
    grain_map,
    make_study,
    problem_of,
    single_crystal,
)


@pytest.fixture(scope="module")
def affine():
    """Point fields of a crystal under an affine field, and its rate form at the end."""
    material = {"latent_ratio": 1.4}
    study = make_study(4, solver=TIGHT, loading={"outputs": 2}, material=material)
    problem = AffineProblem(study, single_crystal(4, GENERAL))
    k, size = study.sampling.centre, problem.micro.size[0]
    stepper, _ = run(problem, k)
    fields = PointFields(problem, stepper.points, k, stepper.u.array)
    h, crss = hardening_modulus(study.material, k, size), initial_crss(k, size)
    form = RateForm(study.material, GENERAL, h, crss)
    times, path = np.array([0.0, 100.0]), np.array([np.eye(2), np.eye(2) + AFFINE])
    stress = form.run(times, path)[-1]
    return fields, form, stress, (h, crss)


def test_crss_strain_and_slip(affine):
    fields, form, _, (h, crss) = affine
    g = form.unpack(form.final)[1]
    np.testing.assert_allclose(np.sort(fields.crss[0, 0]), np.sort(g), rtol=1e-3)
    gradient = np.eye(2) + AFFINE
    green = 0.5 * (gradient.T @ gradient - np.eye(2))
    np.testing.assert_allclose(
        fields.strain()[0, 0], [green[0, 0], green[1, 1], green[0, 1]], atol=1e-9
    )
    # sum over the systems of the hardening law
    slip = (g - crss).sum() / (h * (1 + 11 * 1.4))
    np.testing.assert_allclose(fields.accumulated_slip(), slip, rtol=1e-3)


def test_stress_and_lattice_rotation_of_the_full_deformation_gradient(affine):
    """Complete F by the column that gives the rate form's C; polar decomposition of F Fp^-1."""
    fields, form, stress, _ = affine
    fp = form.unpack(form.final)[0]
    gradient = np.eye(2) + AFFINE
    in_plane = gradient.T @ gradient
    metric = form.in_plane_law(fp)[2](np.array([in_plane[0, 0], in_plane[1, 1], in_plane[0, 1]]))
    full = np.zeros((3, 3))
    full[:2, :2] = gradient
    full[:2, 2] = np.linalg.solve(gradient.T, metric[:2, 2])
    full[2, 2] = np.sqrt(metric[2, 2] - full[:2, 2] @ full[:2, 2])
    np.testing.assert_allclose(full.T @ full, metric, atol=1e-12)

    s = np.zeros((3, 3))
    s[:2, :2] = [[stress[0], stress[2]], [stress[2], stress[1]]]
    cauchy = full @ s @ full.T / np.linalg.det(full)
    expected = [cauchy[0, 0], cauchy[1, 1], cauchy[0, 1]]
    np.testing.assert_allclose(
        fields.cauchy_stress()[1, 2], expected, atol=1e-3 * np.abs(expected).max()
    )

    rotation = polar(full @ np.linalg.inv(fp))[0] @ bunge(*GENERAL)
    vector = Rotation.from_matrix(rotation).as_rotvec()
    assert np.linalg.norm(vector) > 5e-3
    np.testing.assert_allclose(fields.lattice_rotation()[1, 2], vector, atol=1e-5)


def test_file_holds_all_fields_at_all_outputs(tmp_path):
    study = make_study(8, 12, loading={"outputs": 3})
    problem = problem_of(study, grain_map(study))
    k = study.sampling.centre
    with ParaviewWriter(problem, k, tmp_path / "fields") as writer:
        Stepper(problem, k, lambda number, stepper: writer.write(stepper)).run()
    series = ElementTree.parse(tmp_path / "fields" / "fields.xdmf").getroot().find("Domain/Grid")
    assert [float(t.get("Value")) for t in series.iter("Time")] == pytest.approx(
        [100 / 3, 200 / 3, 100], rel=1e-4
    )
    for grid in series:
        names = {attribute.get("Name") for attribute in grid.iter("Attribute")}
        assert names == {"displacement_mm", *CELL_FIELDS}
        assert grid.find("Topology") is not None and grid.find("Geometry") is not None
    assert (tmp_path / "fields" / "fields.h5").stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == ["fields"]


def test_interrupted_writing_leaves_nothing(tmp_path):
    study = make_study(4)
    problem = problem_of(study, single_crystal(4, (0, 0, 0)))
    with pytest.raises(KeyboardInterrupt):
        with ParaviewWriter(problem, study.sampling.centre, tmp_path / "fields"):
            raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
