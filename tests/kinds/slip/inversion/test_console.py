"""What an inversion prints, on the closed formula."""

from dataclasses import replace

import pytest

from slipfield.kinds.slip.inversion.console import table_lines
from slipfield.kinds.slip.inversion.methods import TITLES, method_name
from slipfield.kinds.slip.inversion.report.figures import figure_estimates
from slipfield.kinds.slip.inversion.report.page import write_overlay, write_report

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


def test_constants_that_were_refined_are_named_as_such(inverted):
    lines = table_lines(inverted[1])
    (line,) = [line for line in lines if "h0" in line and "before" in line]
    assert line.startswith("Constants that were refined with k1, k2 and k3: h0 ")
