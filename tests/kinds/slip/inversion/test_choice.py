"""Noise of strain maps, and which of several estimates is the answer."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.inversion.choice import Fit, choose
from slipfield.kinds.slip.inversion.estimates import known_noise
from slipfield.kinds.slip.inversion.preparation import prepare
from slipfield.kinds.slip.inversion.refine import MESH_SHARE, Refined, refine, refine_further
from slipfield.kinds.slip.measure.noise import strain_noise
from slipfield.kinds.slip.measure.specimen_file import read_specimen
from tests.kinds.slip.inversion import test_refine as model

PARAMETERS = np.array([120.0, 25.0, 14.0])
GOOD, BAD, UNKNOWN = Fit(6e-4, 5e-4), Fit(3e-3, 5e-4), Fit(6e-4, float("nan"))


def answer(method):
    return Answer(method, PARAMETERS, PARAMETERS / 1.1, PARAMETERS * 1.1, 1.0)


@pytest.fixture(scope="module")
def refined():
    problem = model.Problem(model.measure(), model.forward, 1e-3, model.PRIOR)
    return refine(problem, model.CENTRE, 8)


@pytest.mark.parametrize("std", [1e-4, 5e-4])
def test_noise_is_told_from_strain_by_its_change_in_time(std):
    """Strain that bends over at yield and is unloaded in the middle, each point by its own share.

    Three of the seventeen differences meet a kink.
    """
    time = np.linspace(0.05, 1, 20)
    course = 0.04 * time + 0.01 * np.tanh(8 * time) - 0.008 * (time > 0.5) * (time - 0.5)
    random = np.random.default_rng(4)
    strain = course[:, None, None] * random.uniform(-0.5, 2, (3, 900))
    points = strain + std * random.standard_normal(strain.shape)
    points[:, :, :40] = np.nan
    assert strain_noise(points) == pytest.approx(std, rel=0.15)


def test_noise_of_frames_at_uneven_times_is_told_as_well():
    """Strain of a quadratic course in time leaves nothing, whatever the times."""
    random = np.random.default_rng(2)
    time = np.cumsum(random.uniform(1, 9, 12))
    smooth = (1e-3 * time + 2e-5 * time**2)[:, None] * random.uniform(-0.5, 2, 900)
    points = smooth + 3e-4 * random.standard_normal(smooth.shape)
    assert strain_noise(points, time) == pytest.approx(3e-4, rel=0.05)
    assert strain_noise(points) > 1e-3


@pytest.mark.parametrize(("count", "each"), [(5, 1), (12, 2)])
def test_the_noise_is_that_of_the_frames_before_anything_is_done_to_them(
    specimen, study, count, each
):
    """Frames between the outputs of the model; of many, two are averaged."""
    data = read_specimen(specimen)
    time = 100 * (np.arange(count) + 0.6) / (count + 0.6)
    frames = data.interp(time=time, kwargs={"fill_value": "extrapolate"})
    noise = 3e-4 * np.random.default_rng(5).standard_normal(frames["strain"].shape)
    smooth = (time / 100)[:, None, None, None] * data["strain"][-1].values
    found = prepare(
        specimen, frames.assign(strain=frames["strain"].copy(data=smooth + noise)), study, None
    )
    assert found.measurement.averaged_frames == each
    assert known_noise(found) == pytest.approx(3e-4 / np.sqrt(each), rel=0.05)


def test_a_stuck_refinement_does_not_answer(refined):
    stuck = replace(refined, left=np.array([0.0, -0.2, 0.01]), near=3.0)
    choice = choose([answer("projection"), answer("refined")], False, stuck, GOOD)
    assert choice.method == "projection"
    assert "20 % left" in choice.why
    assert np.all(stuck.deviation >= [0, 0.2, 0.01])
    on_finer = replace(stuck, coarser=refined)  # none of its steps on the finer mesh was any better
    assert choose([answer("projection"), answer("refined")], False, on_finer, GOOD) == choice
    vague = replace(stuck, near=0.05)  # the data hardly tell that parameter
    assert choose([answer("projection"), answer("refined")], False, vague, GOOD).method == "refined"


def test_a_finer_mesh_that_moves_nothing_is_no_number(refined):
    same = replace(refined, coarser=refined)
    why = choose([answer("projection"), answer("refined")], False, same, GOOD).why
    assert "moved none of k1, k2 and k3" in why
    assert " 0 %" not in why


@pytest.mark.parametrize(("fit", "why"), [(BAD, "did not explain"), (UNKNOWN, "was not known to")])
def test_the_reason_for_a_finer_mesh_says_whether_the_first_one_failed(refined, fit, why):
    on_finer = replace(refined, coarser=refined)
    chosen = choose([answer("projection"), answer("refined")], True, on_finer, fit)
    assert f"first mesh {why}" in chosen.why


@pytest.mark.parametrize("noise", [float("nan"), 0.0])
def test_unknown_noise_does_not_stop_the_finer_mesh(noise):
    assert Fit(6e-4, noise).fails


def test_too_few_frames_do_not_tell_the_noise():
    assert np.isnan(strain_noise(model.measure(1e-3).points[:3]))


@pytest.mark.parametrize(
    ("adapted", "fit", "expected", "word"),
    [
        (False, GOOD, "refined", "explains the strain maps"),
        (True, GOOD, "refined", "1.2 times their noise"),
        (True, UNKNOWN, "projection", "too few frames show how much of that is noise"),
        (True, BAD, "projection", "6 times the noise"),
        (False, BAD, "refined", "its interval does not hold"),
    ],
)
def test_refinement_answers_where_it_explains_the_strain(refined, adapted, fit, expected, word):
    choice = choose([answer("projection"), answer("refined")], adapted, refined, fit)
    assert choice.method == expected
    assert word in choice.why


@pytest.mark.parametrize(("adapted", "word"), [(True, "was adapted"), (False, "fields of its own")])
def test_without_refinement_the_first_model_answers(adapted, word):
    choice = choose([answer("projection"), answer("cnn_lstm")], adapted, None, UNKNOWN)
    assert choice.method == "projection"
    assert word in choice.why


def test_a_finer_mesh_moves_the_answer_and_widens_its_interval(refined):
    """A finer model whose strains are 1 % larger throughout."""

    def finer(parameters):
        run = model.forward(parameters)
        return replace(run, strain=1.01 * run.strain, strain_rates=1.01 * run.strain_rates)

    problem = model.Problem(model.measure(), finer, 1e-3, model.PRIOR)
    further = refine_further(refined, problem)
    alone: Refined = replace(further, coarser=None)
    moved = np.abs(further.log_parameters - refined.log_parameters)
    assert moved.max() > 2e-3
    np.testing.assert_allclose(further.mesh_deviation, MESH_SHARE * moved)
    np.testing.assert_allclose(further.deviation, np.hypot(alone.deviation, MESH_SHARE * moved))
    assert np.all(further.deviation >= moved)
    choice = choose([answer("projection"), answer("refined")], True, further, BAD)
    assert choice.method == "refined"
    assert f"by {100 * np.expm1(moved[0]):.2g} %," in choice.why
