"""Speed-up by a second core from the times at which jobs start and end."""

import pytest

from slipfield.kinds.slip.bench.cores import fan_out


def test_jobs_that_do_not_overlap_gain_nothing():
    found = fan_out([[0, 5], [6, 10]], [[20, 24], [24, 29]])
    assert found["wall_seconds_after_each_other"] == pytest.approx(9)
    assert found["speed_up"] == pytest.approx(1)


def test_jobs_that_overlap_fully_gain_a_factor_of_two():
    assert fan_out([[0, 5], [5, 10]], [[20, 25], [20, 25]])["speed_up"] == pytest.approx(2)


def test_late_start_of_the_second_job_counts():
    found = fan_out([[0, 5], [5, 10]], [[20, 25], [21, 26]])
    assert found["wall_seconds_side_by_side"] == pytest.approx(6)
    assert found["speed_up"] == pytest.approx(10 / 6)
