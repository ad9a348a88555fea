"""The recursive estimate against the learner's own inversion, which diagonalises instead."""

import numpy as np
import pytest

from slipfield.kinds.slip.live.gauss_newton import Features
from slipfield.kinds.slip.projection.learner import Emulator

COUNT = 24


@pytest.fixture(scope="module")
def case():
    """An emulator of a nonlinear law of 24 features, and 6 noisy measurements."""
    random = np.random.default_rng(3)
    box = np.log(np.array([[50.0, 10.0, 5.0], [250.0, 60.0, 30.0]]))
    p = box[0] + random.random((200, 3)) * np.ptp(box, axis=0)
    scaled = (p - box.mean(axis=0)) / (0.5 * np.ptp(box, axis=0))
    mixing = random.standard_normal((3, COUNT))
    scatter = 0.05 * (1 + 0.3 * scaled[:, :1]) * random.standard_normal((200, COUNT))
    clean = scaled @ mixing + 0.2 * (scaled @ mixing) ** 2 + scatter
    factor = 0.05 * (np.eye(COUNT) + 0.3 * random.standard_normal((COUNT, COUNT)))
    noise = factor @ factor.T
    emulator = Emulator.fit(clean, p, noise, 3, box)
    noisy = clean[:6] + random.standard_normal((6, COUNT)) @ factor.T
    return emulator, noisy, noise, p[:6]


@pytest.mark.parametrize("known", [4, 12, COUNT])
def test_it_is_the_learners_estimate(case, known):
    emulator, noisy, noise, _ = case
    features = noisy.copy()
    features[:, known:] = np.nan
    whole = emulator.estimate(features, noise)
    recursive = Features(emulator, np.isfinite(features[0]) & emulator.used, noise)
    for row, expected, covariance in zip(
        features, whole.log_parameters, whole.covariance, strict=True
    ):
        found = recursive.estimate(row, expected + 0.02)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        np.testing.assert_allclose(recursive.covariance(found), covariance, rtol=1e-4)
        misfit = emulator.misfit(row[None], found[None], noise)[0]
        assert recursive.misfit(row, found) == pytest.approx(misfit, rel=1e-5)


def test_more_features_never_tell_less(case):
    emulator, _, noise, true = case
    some = np.arange(COUNT) < 8
    few, all_of_them = (
        Features(emulator, used, noise).covariance(true[0]) for used in (some, emulator.used)
    )
    assert np.linalg.eigvalsh(few - all_of_them).min() > -1e-12
    assert np.isnan(Features(emulator, ~emulator.used, noise).misfit(np.zeros(COUNT), true[0]))


def test_an_estimate_beside_the_last_takes_few_factors(case, monkeypatch):
    emulator, noisy, noise, _ = case
    features = Features(emulator, emulator.used, noise)
    exact = features.estimate(noisy[0], features.estimate(noisy[0], np.array(emulator.centre)))
    count, factor = [], Features._factor
    monkeypatch.setattr(
        Features, "_factor", lambda self, scaled: (count.append(1), factor(self, scaled))[1]
    )
    found = features.estimate(noisy[0], exact + 0.01)
    assert len(count) <= 4
    np.testing.assert_allclose(found, exact, atol=1e-7)
