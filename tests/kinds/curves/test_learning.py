"""Splits, features, learners and scores: what must hold whatever they learn."""

import numpy as np
import pytest

from slipfield.kinds.curves.alloys import read_alloys
from slipfield.kinds.curves.curve_set import closed_form
from slipfield.kinds.curves.evaluation import (
    LEARNERS,
    aggregate,
    band_of_scores,
    conformal_scores,
    read_scores,
    score_split,
    write_scores,
)
from slipfield.kinds.curves.features import SETTINGS, channels
from slipfield.kinds.curves.metrics import similarity
from slipfield.kinds.curves.network_learner import PublishedNetwork
from slipfield.kinds.curves.splits import (
    leave_one_class_out,
    leave_one_out,
    named_groups,
    random_splits,
)

ALLOYS = read_alloys()
CURVES = closed_form(ALLOYS, 60, 0.18, True)
EXACT = {setting for setting in SETTINGS if setting <= 4}


@pytest.mark.parametrize(
    "splits",
    [
        named_groups(ALLOYS, 0),
        random_splits(ALLOYS, 9, 0),
        leave_one_out(ALLOYS),
        leave_one_class_out(ALLOYS),
    ],
    ids=["groups", "random", "one", "class"],
)
def test_no_alloy_and_no_curve_is_on_two_sides(splits):
    for split in splits:
        rows = [*split.training, *split.validation, *split.test]
        assert len(set(rows)) == len(rows) and split.training and split.validation
        keys = {ALLOYS[row].curve_key for row in split.test}
        assert not keys & {ALLOYS[row].curve_key for row in (*split.training, *split.validation)}


def test_the_paper_s_groups_have_its_sizes():
    for split in named_groups(ALLOYS, 0):
        assert (len(split.training), len(split.validation), len(split.test)) == (80, 10, 10)


def test_channels_are_those_of_table_2():
    assert [len(names) for names in SETTINGS.values()] == [7, 6, 5, 4, 3]
    found = channels(ALLOYS[:2], CURVES.strain, 1)
    assert found.shape == (2, 60, 7)
    np.testing.assert_allclose(found[0, :, 5], 70e3 * CURVES.strain)
    np.testing.assert_allclose(found[1, :, 0], 540)


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("setting", [1, 4, 5])
def test_curves_rise_and_begin_with_the_modulus_where_it_is_known(name, setting):
    split = named_groups(ALLOYS, 0)[1]
    learner = LEARNERS[name]()
    learner.fit(CURVES.take(split.training), CURVES.take(split.validation), setting, 0)
    test = CURVES.take(split.test)
    predicted = learner.predict(test.alloys, CURVES.strain)
    assert (np.diff(predicted, axis=1) > 0).all()
    if setting in EXACT:
        start = learner.predict(test.alloys, np.array([1e-4]))[:, 0]
        np.testing.assert_allclose(start, [1e-4 * alloy.modulus_MPa for alloy in test.alloys])
    if setting == 1:
        np.testing.assert_allclose(predicted, test.stress, rtol=1e-3)


@pytest.mark.slow
def test_what_a_learner_is_not_told_does_not_reach_it():
    """Setting 4 knows neither K nor density: an alloy that differs in them has the same answer."""
    from dataclasses import replace

    split = named_groups(ALLOYS, 0)[0]
    for make in LEARNERS.values():
        learner = make()
        learner.fit(CURVES.take(split.training), CURVES.take(split.validation), 4, 0)
        alloy = ALLOYS[0]
        other = replace(alloy, ludwik_MPa=900.0, density_kg_m3=1.0)
        one, two = learner.predict([alloy, other], CURVES.strain)
        np.testing.assert_array_equal(one, two)


@pytest.mark.slow
def test_the_forest_beats_the_rule_where_the_rule_fails():
    scores = {}
    for name in ("rule", "forest"):
        scores[name] = [
            score
            for split in random_splits(ALLOYS, 3, 1)
            for score in score_split(LEARNERS[name](), name, CURVES, 4, "random", split, 0)
        ]
    assert aggregate(scores["forest"])["mean"] > aggregate(scores["rule"])["mean"]
    assert aggregate(scores["forest"])["mean"] > 0.985


def test_similarity_of_the_mean_is_zero_and_of_itself_one():
    curve = CURVES.stress[0]
    assert similarity(curve, curve) == 1
    assert similarity(np.full_like(curve, curve.mean()), curve) == pytest.approx(0)


def test_conformal_scores_are_log_ratios_beyond_yield():
    few = CURVES.take([0, 50])
    np.testing.assert_allclose(conformal_scores(few.stress / 1.1, few), np.log(1.1))


def test_band_is_the_score_that_the_promise_asks_for():
    assert band_of_scores(list(range(1, 100))) == 95
    assert band_of_scores([3.0, 1.0, 2.0]) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNERS)
def test_answers_to_left_out_rows_have_the_errors_of_new_ones(name):
    """They miss as test rows do, not as rows that were learnt by heart."""
    split = random_splits(ALLOYS, 1, 1)[0]
    training, test = CURVES.take(split.training), CURVES.take(split.test)
    learner = LEARNERS[name]()
    learner.fit(training, CURVES.take(split.validation), 5, 0)
    by_heart = conformal_scores(learner.predict(training.alloys, CURVES.strain), training)
    left_out = conformal_scores(learner.predict_left_out(training), training)
    new = conformal_scores(learner.predict(test.alloys, CURVES.strain), test)
    assert np.median(left_out) > (0.9 if name == "rule" else 1.2) * np.median(by_heart)
    assert 0.4 < np.median(left_out) / np.median(new) < 2.5


def test_points_beyond_necking_do_not_count_unless_asked():
    honest = closed_form(ALLOYS, 60, 0.18, False)
    assert CURVES.valid.all() and not honest.valid.all()
    for row, end in enumerate(honest.necking_strain):
        np.testing.assert_array_equal(honest.valid[row], honest.strain <= end)


def test_scores_survive_their_file(tmp_path):
    split = random_splits(ALLOYS, 1, 0)[0]
    scores = score_split(LEARNERS["rule"](), "rule", CURVES, 2, "random", split, 0)
    write_scores(tmp_path / "s.csv", scores)
    again = read_scores([tmp_path / "s.csv"])
    assert [s.name for s in again] == [s.name for s in scores]
    assert [s.obeys_rule for s in again] == [s.obeys_rule for s in scores]
    assert again[0].similarity == pytest.approx(scores[0].similarity, rel=1e-5)


@pytest.mark.parametrize(
    ("setting", "count"),
    [(1, 2_597_160), (2, 2_592_935), (3, 2_588_710), (4, 2_584_485), (5, 2_580_260)],
)
def test_the_published_network_has_its_parameters(setting, count):
    from slipfield.kinds.curves.network import AttentionLSTM

    network = AttentionLSTM(len(SETTINGS[setting]))
    assert sum(values.numel() for values in network.parameters()) == count


@pytest.mark.slow
def test_the_published_network_looks_back_only_and_learns():
    few = CURVES.take(range(0, 100, 10))
    network = PublishedNetwork(epochs=3, quiet=True)
    network.fit(few, few, 4, 0)
    whole = network.predict(few.alloys, few.strain)
    part = network.predict(few.alloys, few.strain[:20])
    np.testing.assert_allclose(part, whole[:, :20], rtol=1e-4)
    assert network.losses[-1][0] < network.losses[0][0]
    assert whole.std() > 0
