"""What a chapter keeps, and the page made of all chapters."""

import math

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.verification.report import draw_curves, write_report
from slipfield.kinds.slip.verification.result import (
    ORDER,
    Chapter,
    Check,
    Curves,
    Maps,
    Table,
    read_chapter,
    write_chapter,
)


def make_chapter(name):
    chapter = Chapter(name, f"Title of {name}", "What was done.")
    chapter.check("an error", 1e-5, 1e-3)
    chapter.tables.append(Table("Numbers", ["setting", "error"], [["fine", 0.00012345], ["n", 7]]))
    return chapter


def test_checks_keep_their_limits():
    assert Check("error", 1.0, 1.0).passed
    assert not Check("error", 1.1, 1.0).passed
    assert Check("order", 2.0, 1.8, at_least=True).passed
    assert not Check("order", 1.7, 1.8, at_least=True).passed
    assert not Check("error", math.nan, 1.0).passed
    assert not Check("order", math.nan, 1.0, at_least=True).passed


def test_chapter_survives_its_file(tmp_path):
    chapter = make_chapter("mesh")
    chapter.curves.append(Curves("Error", "steps", "L2", {"a": [[1.0, 2.0], [0.1, 0.2]]}, log=True))
    chapter.maps.append(Maps("Strain", "E22", {"coarse": [[0.0, 1.0], [2.0, 3.0]]}))
    write_chapter(chapter, tmp_path)
    assert read_chapter(tmp_path / "mesh.json") == chapter
    (tmp_path / "mesh.json").write_text("{}")
    with pytest.raises(SlipfieldError, match="not a chapter"):
        read_chapter(tmp_path / "mesh.json")


@pytest.mark.slow
def test_page_holds_every_check_table_and_figure(tmp_path):
    for name in ORDER:
        chapter = make_chapter(name)
        if name == "energy":
            chapter.check("a failing one", 2.0, 1.0)
            lines = {"a": ([1.0, 2.0], [0.1, 0.2])}
            chapter.curves += [Curves("First", "x", "y", lines), Curves("Second", "x", "y", lines)]
            chapter.maps.append(
                Maps("Strain", "E22", {"a": [[0, 1], [2, 3]], "b": [[1, 1], [0, 3]]})
            )
        write_chapter(chapter, tmp_path / "results")
    write_report(tmp_path / "results", tmp_path / "docs")
    page = (tmp_path / "docs" / "verification.md").read_text()
    assert f"{len(ORDER)} of {len(ORDER) + 1} checks passed." in page
    assert "| a failing one | 2 | <= 1 | **fail** |" in page
    assert page.count("| fine | 0.000123 |") == len(ORDER)
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        f"## Title of {name}" for name in ORDER
    ]
    pictures = {path.name for path in (tmp_path / "docs" / "figures").iterdir()}
    assert pictures == {
        "verification-energy.svg",
        "verification-energy-2.svg",
        "verification-energy-3.png",
    }
    assert all(f"(figures/{name})" in page for name in pictures)


def test_missing_chapter_is_named(tmp_path):
    with pytest.raises(SlipfieldError, match="point_law.json; run `slipfield verify`"):
        write_report(tmp_path, tmp_path / "docs")


def test_logarithmic_axis_names_what_was_measured():
    lines = {"a": [[50.0, 400.0], [0.1, 0.01]], "b": [[50.0, 300.0], [0.1, 0.02]]}
    (axes,) = draw_curves(Curves("Error", "steps", "L2", lines, log=True)).axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["50", "300", "400"]
    assert not axes.get_xticklabels(minor=True)
