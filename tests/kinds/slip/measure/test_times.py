"""Frames at any times, outputs of the solver, and what lies between."""

import numpy as np
import pytest

from slipfield.kinds.slip.measure.times import (
    between_frames,
    frame_groups,
    group_means,
    interpolate,
    model_times,
    solver_times,
)


@pytest.mark.parametrize(("count", "each"), [(1, 1), (20, 1), (30, 1), (31, 2), (60, 2), (100, 4)])
def test_every_frame_is_in_one_group_and_groups_are_not_too_many(count, each):
    time = np.arange(1.0, count + 1)
    groups = frame_groups(time, 20)
    assert len(groups) <= 30
    members = np.concatenate([np.arange(count)[group] for group in groups])
    np.testing.assert_array_equal(members, np.arange(count))
    assert groups[0].stop == min(each, count)


def test_a_frame_before_the_loading_belongs_to_no_group():
    assert frame_groups(np.array([0.0, 5.0, 10.0]), 4) == [slice(1, 2), slice(2, 3)]


def test_means_know_only_what_all_frames_know():
    values = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]])
    means = group_means(values, [slice(0, 2), slice(2, 3)])
    np.testing.assert_array_equal(means, [[2, np.nan], [5, 6]])


@pytest.mark.parametrize("interval", [4.8, 8.0, 10.0, 17.0])
def test_the_solver_writes_at_all_frames_and_outputs(interval):
    frames = interval * np.arange(1, int(96 / interval) + 1)
    end = frames[-1]
    times, moved = solver_times(frames, end, 20)
    assert set(frames) <= set(times)
    assert times[-1] == end
    assert np.all(np.diff(times) > 0)
    assert set(moved) <= set(times)
    assert np.abs(moved - model_times(end, 20)).max() <= 0.05 * end / 20
    assert np.diff(times).min() > 0.05 * end / 20 - 1e-9


def test_frames_at_the_outputs_cost_no_further_output():
    frames = model_times(97.3, 20) * (1 + 1e-6)
    times, _ = solver_times(frames, frames[-1], 20)
    np.testing.assert_array_equal(times, frames)


def test_between_frames_is_what_numpy_interpolates():
    frames = np.array([8.0, 16.0, 31.0, 40.0])
    values = np.array([1.0, 2.5, 2.0, 4.0])
    wanted = np.arange(2.0, 41.0, 2)
    weights = between_frames(frames, wanted)
    expected = np.interp(wanted, [0, *frames], [0, *values])
    near = np.abs(frames - wanted[:, None]).min(axis=1) <= 2 * 2.0
    np.testing.assert_allclose(interpolate(weights, values, 0.0)[near], expected[near])
    assert np.isnan(interpolate(weights, values, 0.0)[~near]).all()
    assert not near.all()


def test_where_one_frame_is_masked_the_nearer_one_counts():
    weights = between_frames(np.array([10.0, 20.0]), np.array([5.0, 11.0, 19.0, 20.0]))
    values = np.array([[1.0, 1.0], [2.0, np.nan]])
    found = interpolate(weights, values, 0.0)
    np.testing.assert_allclose(found[:, 0], [0.5, 1.1, 1.9, 2.0])
    np.testing.assert_allclose(found[:, 1], [0.5, 1.0, np.nan, np.nan])
    np.testing.assert_allclose(interpolate(weights, values, None)[0], [1.0, 1.0])


@pytest.mark.parametrize(
    ("interval", "count", "filled"), [(8.0, 12, 20), (10.0, 9, 18), (5.0, 10, 10), (8.0, 7, 12)]
)
def test_an_output_that_a_schedule_did_not_meet_is_carried_on(interval, count, filled):
    """Twenty outputs up to 100 s: frames up to 96, 90, 50 and 56 s."""
    frames = interval * np.arange(1, count + 1)
    found = interpolate(between_frames(frames, model_times(100.0, 20)), 0.3 * frames, 0.0)
    np.testing.assert_allclose(found[:filled], 0.3 * model_times(100.0, 20)[:filled])
    assert np.isnan(found[filled:]).all()
