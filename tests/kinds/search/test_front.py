"""Best so far, Pareto front and hypervolume against values by hand."""

import numpy as np
import pandas as pd
import pytest

from slipfield.core.kind import check_any_study
from slipfield.kinds.search.front import kept, on_front, progress_of, reference_point


def study(objectives, constraints=()):
    content = {
        "name": "t",
        "kind": "search",
        "variables": [{"name": "x", "low": 0, "high": 1}],
        "objectives": objectives,
        "constraints": list(constraints),
    }
    return check_any_study(content, "test")[0]


def test_best_so_far_skips_failures_and_broken_constraints():
    one = study([{"name": "f", "goal": "minimise"}], [{"name": "g", "high": 1}])
    table = pd.DataFrame(
        {"f": [1, 5, 4, np.nan, 3], "g": [2, 0, 1, 0, 0], "status": ["ok"] * 3 + ["failed", "ok"]}
    )
    assert kept(one, table).tolist() == [False, True, True, False, True]
    best = progress_of(one, table, reference_point(one, table))
    np.testing.assert_array_equal(best, [np.nan, 5, 4, 4, 3])


def test_front_and_hypervolume_of_three_squares():
    """Up a, down b: beyond (0, 4) lie 1 x 3, 2 x 2 and 3 x 1, together 6."""
    two = study(
        [
            {"name": "a", "goal": "maximise", "reference": 0},
            {"name": "b", "goal": "minimise", "reference": 4},
        ]
    )
    table = pd.DataFrame({"a": [1, 2, 3, 1], "b": [1, 2, 3, 2], "status": "ok"})
    assert on_front(two, table).tolist() == [True, True, True, False]
    found = progress_of(two, table, reference_point(two, table))
    assert found == pytest.approx([3, 5, 6, 6])


def test_a_table_whose_front_lies_behind_another_one_counts():
    """Fronts (1, 1) to (2, 0) and (10, 10) alone: 0.9 below the worst of both, not of the pool."""
    two = study([{"name": name, "goal": "maximise"} for name in ("a", "b")])
    behind = pd.DataFrame({"a": [1, 2], "b": [1, 0], "status": "ok"})
    ahead = pd.DataFrame({"a": [10], "b": [10], "status": "ok"})
    point = reference_point(two, behind, ahead)
    assert point == pytest.approx([0.1, -1.0])
    assert progress_of(two, behind, point)[-1] == pytest.approx(0.9 * 2.0 + 1.0 * 1.0)


@pytest.mark.parametrize("names", ["a", "ab"])
def test_nothing_is_best_while_all_trials_have_failed(names):
    one = study([{"name": name, "goal": "maximise"} for name in names])
    table = pd.DataFrame({name: [np.nan] * 2 for name in names} | {"status": "failed"})
    assert np.isnan(progress_of(one, table, reference_point(one, table))).all()
