"""What a reader could not read is refused, and a page of all parts is not."""

import pytest
from matplotlib.figure import Figure

from slipfield.report.page import Banner, Card, Details, Section, Table, picture_of
from slipfield.report.render import render
from slipfield.report.style import save_figure

pytestmark = pytest.mark.slow

BROKEN = {
    "a missing picture": '<img alt="gone" src="gone.png">',
    "a script that fails": "<script>undefined.length</script>",
    "a complaint": "<script>console.error('no')</script>",
    "a wide table": f"<table><tr><td>{'x' * 200}</td></tr></table>",
    "letters too small": '<p style="font-size: 6px">small</p>',
    "an exponent": "<p>off by 1e+02 %</p>",
    "no number": "<p>off by nan %</p>",
}


def test_a_page_of_all_parts_can_be_read(readable, tmp_path):
    figure = Figure(figsize=(9, 3))
    figure.subplots().plot([0, 1], [0, 1])
    save_figure(figure, tmp_path / "line.png")
    wide = Table("wide", [["row", *["12345.678"] * 12]], ["name", *["quantity (MPa)"] * 12])
    section = Section(
        "part",
        "A part",
        ["A sentence. " * 20, "/a/very/long/path" * 12],
        [picture_of(tmp_path / "line.png", "Line", "A caption. " * 10)],
        [wide, wide],
        Details("More", "x" * 300),
        side_by_side=True,
    )
    banner = Banner("good", "good", "Nothing is unlike anything.")
    page = render("a" * 60, "b" * 90, [Card("1.5", "number")], [section], "hash", tmp_path, banner)
    (tmp_path / "page.html").write_text(page)
    readable(tmp_path / "page.html")


@pytest.mark.parametrize("part", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_refused(readable, tmp_path, part):
    (tmp_path / "page.html").write_text(f"<!DOCTYPE html><title>t</title><body>{part}</body>")
    with pytest.raises(AssertionError):
        readable(tmp_path / "page.html")
