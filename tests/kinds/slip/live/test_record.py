"""What is said and drawn of estimates of which some are not told yet."""

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.live import record
from slipfield.kinds.slip.live.record import Row, draw_rows, line_of
from slipfield.kinds.slip.live.recursion import State

K = np.array([110.0, 24.0, 12.0])


def row(number, widths, told):
    half = np.exp(np.array(widths))
    answer = Answer("projection", K, K / half, K * half, 0.0)
    state = State(answer, np.log(half) / 2, np.log(half) / 2, np.array(told))
    return Row(number, "f.csv", number, 0.01 * number, state, np.ones((2, 2)), "")


def test_what_is_not_told_yet_has_words_and_no_digits():
    text = line_of(row(1, [0.05, 66.0, 1.5], [True, False, True]))
    assert text == "frame 1: k1 110 +-5.1 %, k2 not told yet, k3 12 +-350 %"


@pytest.fixture
def figures(monkeypatch):
    kept = []
    monkeypatch.setattr(record, "save_figure", lambda figure, path: kept.append(figure))
    return kept


def test_the_picture_shows_the_told_ones(figures, tmp_path):
    told = [True, True, False]
    rows = [row(1, [0.5, 66.0, 66.0], [True, False, False]), row(2, [0.1, 0.2, 300.0], told)]
    draw_rows(rows, None, None, tmp_path / "live.png")
    panels = figures[0].axes
    assert panels[1].get_ylim()[1] < 40
    assert panels[0].get_yscale() == "log"  # half-widths are relative
    assert [text.get_text() for text in panels[2].texts] == ["not told yet"]
    assert not panels[0].texts and not panels[1].texts
