"""What an inversion prints, on the closed formula."""

import json
from dataclasses import replace

import numpy as np
import pytest

from slipfield.kinds.slip.inversion.console import answer_lines, table_lines
from slipfield.kinds.slip.inversion.methods import TITLES, method_name
from slipfield.kinds.slip.inversion.refine import Iterate
from slipfield.kinds.slip.inversion.report.figures import figure_estimates
from slipfield.kinds.slip.inversion.report.page import write_overlay, write_report
from slipfield.kinds.slip.inversion.run import _say
from slipfield.kinds.slip.inversion.told import TOGETHER, of_correlation
from slipfield.kinds.slip.inversion.verdict import Verdict
from slipfield.kinds.slip.study import PARAMETERS

pytestmark = pytest.mark.slow


def test_every_method_has_one_name_on_console_page_and_figure(inverted, tmp_path):
    _, found = inverted
    every = [replace(found.answers[0], method=method) for method in TITLES]
    found = replace(found, answers=[*every, *found.answers])
    write_overlay(found.data, tmp_path)
    write_report(found, tmp_path)
    page, lines = (tmp_path / "report.html").read_text(), table_lines(found)
    labels = figure_estimates(found.answers, found.trained).axes[0].get_yticklabels()
    for answer, line, label in zip(every, lines[1:], labels, strict=False):
        name = method_name(answer.method)
        assert line[2:].startswith(f"{name} ")
        assert label.get_text() == name
        assert f"<td>{name}" in page
    assert len({len(line) for line in lines[: 1 + len(every)]}) == 1
    named = {channel.name.split(" (")[1] for channel in found.channels if " (" in channel.name}
    assert named == {f"{method_name(answer.method)})" for answer in inverted[1].answers}


def test_constants_that_were_refined_are_named_as_such(inverted):
    lines = table_lines(inverted[1])
    (line,) = [line for line in lines if "h0" in line and "before" in line]
    assert line.startswith("Constants that were refined with k1, k2 and k3: h0 ")


@pytest.mark.parametrize("apart", [True, False])
def test_the_answer_and_the_verdict_are_the_last_lines(inverted, apart):
    _, found = inverted
    correlation = np.array([[1, 0.1, 0], [0.1, 1, -0.95], [0, -0.95, 1]])
    deviation = np.full(3, 0.004 if apart else 0.1)
    told = of_correlation(found.answer.parameters, correlation, deviation, np.array([0.3, 0.5]))
    verdict = Verdict("doubtful", "A finer mesh may move it.", "mesh")
    title, *values, last = answer_lines(replace(found, told=told, verdict=verdict))
    assert title == "Answer (refinement), 95 % intervals:"
    assert last == "verdict: doubtful (mesh). A finer mesh may move it."
    for name, line, low, high in zip(
        PARAMETERS, values, found.answer.low, found.answer.high, strict=False
    ):
        assert line.startswith(f"  {name} = ")
        assert f"({low:.4g} to {high:.4g}) MPa" in line
    assert [TOGETHER in line for line in values[:3]] == [False, not apart, not apart]
    assert [line for line in values[3:] if told.combination in line] == values[3:]
    assert len(values) == (3 if apart else 4)


def test_without_an_answer_the_last_lines_say_so(inverted):
    found = replace(inverted[1], verdict=Verdict("none", "The grain map lies wrong.", "grain map"))
    lines = answer_lines(found)
    assert lines == ["No answer.", "verdict: none (grain map). The grain map lies wrong."]


def test_a_rejected_step_does_not_look_like_an_accepted_one(capsys):
    for accepted in (True, False):
        _say(Iterate(np.log([120.0, 25.0, 14.0]), 1.0, 2e-3, 1e-2, accepted))
    taken, rejected = capsys.readouterr().err.splitlines()
    assert taken == "refine: k1 120, k2 25, k3 14, strain residual 0.002"
    assert rejected == taken.replace("refine", "refine, rejected (no better)")


def test_an_inversion_says_what_it_runs_while_it_does(slipfield, specimen, projection, tmp_path):
    """Lines on standard error; the answer alone is on standard output, and last."""
    out = tmp_path / "out"
    done = slipfield("invert", specimen, "--model", projection, "--membrane", "--output", out)
    assert not done.returncode, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("forward run")]
    seconds = json.loads((out / "inversion.json").read_text())["seconds"]
    assert len(said) == seconds["number of forward runs"]
    assert said[0] == "forward run 1, 16 x 16 elements"
    *_, k3, last = done.stdout.splitlines()
    assert last.startswith("verdict: ")
    assert "k3 = " in k3 or "k2 + " in k3
