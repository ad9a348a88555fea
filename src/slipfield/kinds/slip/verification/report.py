"""The verification page: docs/verification.md and its figures, from the chapters' JSON files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.kinds.slip.verification.result import (
    ORDER,
    Chapter,
    Curves,
    Maps,
    Table,
    read_chapter,
)
from slipfield.report.style import save_figure, use_style

HEAD = """# Verification

What `make verify` found: every check with its tolerance, and the tables and figures behind them.
The page is generated; the CPU seconds are those of the machine that ran it.

"""


def write_report(results: Path, docs: Path) -> None:
    """Write ``verification.md`` and its figures into ``docs`` from the chapters in ``results``.

    Chapters of other kinds of study stand behind those of the sheets where they have run.

    Raises
    ------
    SlipfieldError
        If a chapter is missing.
    """
    missing = [name for name in ORDER if not (results / f"{name}.json").exists()]
    if missing:
        raise SlipfieldError(
            f"{results}: no {missing[0]}.json; run `slipfield verify` (make verify) first"
        )
    use_style()
    others = sorted({path.stem for path in results.glob("*.json")} - {*ORDER})
    chapters = [read_chapter(results / f"{name}.json") for name in (*ORDER, *others)]
    figures = docs / "figures"
    sections = [_section(chapter, figures) for chapter in chapters]
    checks = [check for chapter in chapters for check in chapter.checks]
    passed = sum(check.passed for check in checks)
    summary = f"{passed} of {len(checks)} checks passed.\n\n"
    write_text(docs / "verification.md", HEAD + summary + "\n".join(sections))


def _section(chapter: Chapter, figures: Path) -> str:
    rows = [
        [
            check.name,
            check.measured,
            f"{'>=' if check.at_least else '<='} {check.limit:.3g}",
            "pass" if check.passed else "**fail**",
        ]
        for check in chapter.checks
    ]
    parts = [f"## {chapter.title}\n", f"{chapter.text}\n"]
    parts.append(_markdown(Table("", ["check", "measured", "limit", ""], rows)))
    for table in chapter.tables:
        parts.append(f"### {table.title}\n\n{_markdown(table)}")
    drawings: list[Curves | Maps] = [*chapter.curves, *chapter.maps]
    for i, drawing in enumerate(drawings):
        name = f"verification-{chapter.name.replace('_', '-')}{f'-{i + 1}' if i else ''}"
        path = figures / f"{name}.{'svg' if isinstance(drawing, Curves) else 'png'}"
        figure = draw_curves(drawing) if isinstance(drawing, Curves) else draw_maps(drawing)
        save_figure(figure, path)
        parts.append(f"![{drawing.title}](figures/{path.name})\n")
    return "\n".join(parts)


def _markdown(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns)]
    lines += [[_cell(value) for value in row] for row in table.rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: str | float | int) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def draw_curves(curves: Curves) -> Figure:
    """Draw the lines of a chapter."""
    figure = Figure(figsize=(4.6, 3.2), layout="constrained")
    axes = figure.subplots()
    for i, (name, (x, y)) in enumerate(curves.lines.items()):
        style = "o-" if curves.log else ("-", "--", ":")[i % 3]
        axes.plot(x, y, style, markersize=4, label=name)
    if curves.log:
        axes.loglog()
        measured = sorted({float(value) for x, _ in curves.lines.values() for value in x})
        axes.set_xticks(measured, [f"{value:g}" for value in measured])
        axes.set_xticks([], minor=True)
    axes.set(title=curves.title, xlabel=curves.x_label, ylabel=curves.y_label)
    axes.legend()
    return figure


def draw_maps(maps: Maps) -> Figure:
    """Draw the images of a chapter side by side on one colour scale."""
    count = len(maps.images)
    figure = Figure(figsize=(2.2 * count + 0.6, 2.6), layout="constrained")
    images = {name: np.array(image) for name, image in maps.images.items()}
    low, high = np.percentile(list(images.values()), [0.5, 99.5])
    panels = figure.subplots(1, count, squeeze=False)[0]
    for axes, (name, image) in zip(panels, images.items(), strict=True):
        picture = axes.imshow(image, origin="lower", vmin=low, vmax=high)
        axes.set(title=name, xticks=[], yticks=[])
    figure.suptitle(maps.title, fontsize=9.5)
    figure.colorbar(picture, ax=list(panels), label=maps.label)
    return figure
