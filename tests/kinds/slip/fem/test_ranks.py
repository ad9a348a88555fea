"""Several ranks and restarts give the same fields."""

import numpy as np
import pytest

from slipfield.kinds.slip.verification.ranks import restart_differences, run_on


def test_two_ranks_take_the_same_steps_to_the_same_fields(tmp_path):
    one, two = (run_on(ranks, 16, tmp_path) for ranks in (1, 2))
    np.testing.assert_allclose(two["steps"], one["steps"], rtol=1e-6)
    np.testing.assert_allclose(two["strain"], one["strain"], atol=1e-8)
    np.testing.assert_allclose(two["load"], one["load"], rtol=1e-8)
    np.testing.assert_allclose(two["rotation"], one["rotation"], rtol=1e-8)
    assert np.linalg.norm(two["rates"] - one["rates"]) < 1e-4 * np.linalg.norm(one["rates"])
    np.testing.assert_allclose(two["load_rates"], one["load_rates"], rtol=1e-4)


@pytest.mark.slow
def test_two_ranks_agree_on_saturating_hardening_and_all_constants(tmp_path):
    one, two = (run_on(ranks, 8, tmp_path, voce=True) for ranks in (1, 2))
    np.testing.assert_allclose(two["strain"], one["strain"], atol=1e-8)
    assert len(one["load_rates"]) == 10
    for name in ("rates", "load_rates"):
        scale = np.abs(one[name]).reshape(10, -1).max(axis=1)
        change = np.abs(two[name] - one[name]).reshape(10, -1).max(axis=1)
        assert (change < 1e-3 * scale).all(), name


def test_restart_from_every_output_repeats_the_same_bits(tmp_path):
    assert restart_differences(tmp_path, cells=8) == 0
