"""The bench of frames at other times: what it simulates holds every schedule."""

import numpy as np
import pytest

from slipfield.kinds.slip.bench.frames import SHARES, timed_study
from tests.shards import tiny_study


def test_the_specimen_has_outputs_at_the_frames_of_every_schedule():
    study = timed_study(tiny_study())
    end = study.loading.path[-1][0]
    times = np.array(study.loading.output_times_s)
    assert np.all(np.diff(times) > 0)
    assert times[-1] == end
    for shares in SHARES.values():
        distance = np.abs(times[:, None] - end * np.array(shares)).min(axis=0)
        assert distance.max() < 1e-9 * end
    assert len(times) == len({round(s, 6) for shares in SHARES.values() for s in shares})


@pytest.mark.parametrize("name", SHARES)
def test_schedules_ascend_within_the_test(name):
    shares = np.array(SHARES[name])
    assert np.all(np.diff(np.append(0.0, shares)) > 0)
    assert shares[-1] <= 1
