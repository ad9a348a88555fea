"""The rule by which a test may stop."""

import numpy as np

from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.live.enough import Enough
from slipfield.kinds.slip.live.recursion import State


def state(percent, gain):
    """A state with intervals of +-``percent`` % that the rest of the test shrinks by ``gain``."""
    k, half = np.array([110.0, 24.0, 12.0]), 1 + np.array(percent) / 100
    deviation = np.log(half) / 2
    answer = Answer("projection", k, k / half, k * half, 0.0)
    return State(answer, deviation, deviation * (1 - gain), np.full(3, True))


def test_narrow_intervals_are_enough_when_two_frames_say_so():
    rule = Enough(percent=5.0)
    assert rule.judge(state([4, 4, 9], 0.5)) == ""
    assert rule.judge(state([4, 4, 4.9], 0.5)) == ""
    assert rule.judge(state([4, 4, 5.1], 0.5)) == ""
    assert rule.judge(state([4, 4, 4.9], 0.5)) == ""
    assert "k3 to 4.8 %, 5 % were asked for" in rule.judge(state([4, 4, 4.8], 0.5))


def test_no_gain_is_enough_and_wide_intervals_alone_are_not():
    rule = Enough()
    assert rule.judge(state([1, 1, 1], 0.3)) == "" == rule.judge(state([1, 1, 1], 0.3))
    assert rule.judge(state([40, 40, 40], np.array([0.01, 0.02, 0.06]))) == ""
    assert rule.judge(state([40, 40, 40], np.array([0.01, 0.02, 0.03]))) == ""
    assert "by more than 3 %" in rule.judge(state([40, 40, 40], np.array([0.01, 0.02, 0.03])))
