"""Direct differentiation against differences of whole runs with the same steps."""

import numpy as np
import pytest

from slipfield.kinds.slip.crystal.build import law_variants, sheet_variants
from slipfield.kinds.slip.fem import sensitivity, stepping
from slipfield.kinds.slip.fem.batch import FINER, reference_fields, simulate_sample
from slipfield.kinds.slip.fem.nodal import NodalGradient
from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.study.constants import CONSTANTS, constants_of
from slipfield.kinds.slip.verification.derivatives import PATHS, sensitivity_errors
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of


@pytest.mark.parametrize("path", PATHS)
def test_sensitivities_match_differences(path):
    errors = sensitivity_errors(PATHS[path], {}, cells=6, outputs=4)
    for parameter, strain_error, load_error in errors:
        assert strain_error < 1e-4, parameter
        assert load_error < 1e-4, parameter


def test_sensitivities_match_differences_with_latent_hardening_and_a_fractional_exponent():
    material = {"rate_exponent": 12.5, "latent_ratio": 1.4}
    errors = sensitivity_errors(PATHS["tension"], material, cells=6, outputs=4)
    for parameter, strain_error, load_error in errors:
        assert strain_error < 1e-4, parameter
        assert load_error < 1e-4, parameter


def test_sensitivities_of_bcc_crystals_match_differences():
    path, material = PATHS["unloading and reversal"], {"slip_family": "bcc", "latent_ratio": 1.4}
    errors = sensitivity_errors(path, material, cells=6, outputs=4)
    for parameter, strain_error, load_error in errors:
        assert strain_error < 1e-4, parameter
        assert load_error < 1e-4, parameter


@pytest.mark.slow
@pytest.mark.parametrize("material", [{}, {"rate_exponent": 12.5, "latent_ratio": 1.4}])
def test_sensitivities_to_constants_of_the_law_match_differences(material):
    path, constants = PATHS["unloading and reversal"], constants_of(Material(**material))
    errors = sensitivity_errors(path, material, cells=6, outputs=4, parameters=constants)
    assert [row[0] for row in errors] == list(constants)
    for parameter, strain_error, load_error in errors:
        assert strain_error < 1e-4, parameter
        assert load_error < 1e-4, parameter


@pytest.mark.parametrize(
    "law", [{"g_sat_MPa": 60.0}, {"hardening_exponent": 1.5, "latent_ratio": 1.4}]
)
def test_sensitivities_with_saturating_hardening_match_differences(law):
    material = {"hardening": "voce", "g_sat_MPa": 80.0} | law
    path, parameters = PATHS["unloading and reversal"], ("k1", "k3", *CONSTANTS)
    errors = sensitivity_errors(path, material, cells=6, outputs=4, parameters=parameters)
    assert [row[0] for row in errors] == list(parameters)
    for parameter, strain_error, load_error in errors:
        assert strain_error < 1e-4, parameter
        assert load_error < 1e-4, parameter


def test_further_parameters_leave_the_first_three_as_they_are():
    study = make_study(8, 12, loading={"outputs": 4})
    problem, k = problem_of(study, grain_map(study)), study.sampling.centre
    plain, more = reference_fields(problem, k), reference_fields(problem, k, ["n", "elastic"])
    assert more["dstrain_dlnk"].shape[0] == 5
    for name in ("dstrain_dlnk", "dload_dlnk"):
        scale = np.abs(plain[name]).max()
        np.testing.assert_allclose(more[name][:3], plain[name], atol=1e-3 * scale)


def test_reference_run_is_the_sample_at_the_centre_and_scales_with_all_stresses():
    """Without h0, multiplying all k by a factor multiplies stresses: plastic load follows."""
    study = make_study(8, 12, loading={"outputs": 4}, material={"h0_MPa": 0.0})
    problem = problem_of(study, grain_map(study))
    k = study.sampling.centre
    found = reference_fields(problem, k)
    finer = study.solver.model_copy(update={"step_tolerance": 0.01 * FINER})
    as_fine = problem_of(study.model_copy(update={"solver": finer}), problem.micro)
    sample = simulate_sample(as_fine, NodalGradient(as_fine), np.array(k))
    np.testing.assert_array_equal(found["strain"], sample.strain)
    np.testing.assert_array_equal(found["load"], sample.load)
    late = slice(1, None)  # elastic strains, which do not scale, fade
    np.testing.assert_allclose(
        found["dload_dlnk"].sum(axis=0)[late], found["load"][late], rtol=0.02
    )


def test_default_settings_keep_derivatives_within_a_quarter_of_a_per_cent():
    solver = {"step_tolerance": 5e-4 / FINER, "residual_tolerance": 1e-6, "point_tolerance": 1e-9}
    default, fine = make_study(24), make_study(24, solver=solver)
    micro, k = grain_map(default), default.sampling.centre
    found, exact = (reference_fields(problem_of(one, micro), k) for one in (default, fine))
    for rates, right in zip(found["dstrain_dlnk"], exact["dstrain_dlnk"], strict=True):
        assert np.linalg.norm(rates - right) < 0.0025 * np.linalg.norm(right)


@pytest.mark.parametrize("hardening", ["linear", "voce"])
@pytest.mark.parametrize("constants", [[], ["q", "n"]])
def test_systems_that_harden_alike_share_a_crss_to_the_same_fields(
    monkeypatch, hardening, constants
):
    study = make_study(6, 8, loading={"outputs": 4}, material={"hardening": hardening})
    problem, k = problem_of(study, grain_map(study)), study.sampling.centre
    assert problem.blocks.crss == 1
    shared = reference_fields(problem, k, constants)

    def each(material):
        return *law_variants(material), "each"

    assert sheet_variants(study.material) != each(study.material)
    for module in (stepping, sensitivity):
        monkeypatch.setattr(module, "sheet_variants", each)
    problem = problem_of(study, grain_map(study))
    assert problem.blocks.crss == 12
    own = reference_fields(problem, k, constants)
    for name in ("strain", "load", "dstrain_dlnk", "dload_dlnk"):
        scale = np.abs(own[name]).max()
        np.testing.assert_allclose(shared[name], own[name], atol=1e-4 * scale, err_msg=name)
