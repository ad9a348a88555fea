"""Rows of the summary, and the refusal of a folder with another plan."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.inversion.answers import Answer, Model
from slipfield.kinds.slip.virtual_lab.run import Plan, _claim, _estimate, summary_lines

SHIPPED = Path(__file__).parents[4] / "results/reference/model"


def test_a_row_holds_errors_and_intervals():
    truth = np.array([100.0, 20.0, 5.0])
    found = np.array([102.0, 19.0, 5.0])
    answer = Answer("refined", found, found * 0.97, found * 1.03, 0.0)
    row = _estimate("answer", answer, truth)
    assert row["answer_k1_error_percent"] == pytest.approx(2)
    assert row["answer_k2_error_percent"] == pytest.approx(-5)
    assert row["answer_k1_half_width_percent"] == pytest.approx(3)
    holds = [row[f"answer_{name}_holds"] for name in ("k1", "k2", "k3")]
    assert holds == [True, False, True]
    assert "2 of 3 intervals" in summary_lines([row])[0]
    head, line = csv_text([row], digits=6).splitlines()
    assert dict(zip(head.split(","), line.split(","), strict=True))["answer_k1"] == "102"


def test_another_plan_is_refused(tmp_path):
    model, plan = Model.load(SHIPPED), Plan(2, 128)
    _claim(tmp_path, model, plan)
    _claim(tmp_path, model, replace(plan, specimens=8))
    with pytest.raises(SlipfieldError, match="another plan"):
        _claim(tmp_path, model, replace(plan, cells=256))
