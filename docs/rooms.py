"""Draw docs/figures/rooms.svg: ``envs/run python docs/rooms.py``.

Verbs and environments in it are read from the command line and from the table of docs/overview.md.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from slipfield.cli import KIND, VERBS

DOCS = Path(__file__).parent
FIGURE = DOCS / "figures" / "rooms.svg"
WIDTH, COLUMN, LEFT, LINE, CHARACTERS = 200, 240, 20, 18, 26

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 {height}" role="img"
     font-family="system-ui, 'DejaVu Sans', Arial, sans-serif" font-size="13">
  <title>Rooms, and the files between them</title>
  <desc>{description}</desc>
  <defs>
    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"
            orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 z" fill="#767d86"/></marker>
    <style>
      .simulate {{ fill: #fbdcb2; stroke: #b86e00; stroke-width: 1.5 }}
      .learn {{ fill: #cfe3f8; stroke: #2c69a6; stroke-width: 1.5 }}
      .file {{ fill: #f6f5f0; stroke: #8d8c83; stroke-dasharray: 4 3 }}
      .room {{ font-weight: 700; font-size: 15px }}
      .mono {{ font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: 12px }}
      text {{ fill: #1f2328; text-anchor: middle }}
      .free {{ fill: #767d86; text-anchor: start }}
      .flow {{ fill: none; stroke: #767d86; stroke-width: 1.6; marker-end: url(#tip) }}
    </style>
  </defs>
"""
DESCRIPTION = (
    "study.yaml goes to every verb. specimen feeds crystal and fem, whose shards and reference "
    "runs dataset gathers; learning trains inverters on it; figures draws the report. "
    "measure imports a laboratory's files, and inversion inverts them with a trained model and "
    "forward runs."
)


@dataclass(frozen=True)
class Box:
    """A room or files: column from 0, upper edge and height (px), lines with their classes."""

    column: int
    top: int
    height: int
    shape: str
    lines: tuple[tuple[str, str], ...]
    columns: int = 1

    def svg(self) -> str:
        """The box and its text, about the middle."""
        x, width = LEFT + COLUMN * self.column, COLUMN * (self.columns - 1) + WIDTH
        first = self.top + self.height / 2 - LINE * (len(self.lines) - 1) / 2 + 5
        parts = [
            f'  <rect class="{self.shape}" x="{x}" y="{self.top}" width="{width}" '
            f'height="{self.height}" rx="6"/>'
        ]
        for number, (style, text) in enumerate(self.lines):
            place = f'x="{x + width / 2:g}" y="{first + LINE * number:g}"'
            parts.append(f'  <text class="{style}" {place}>{escape(text)}</text>')
        return "\n".join(parts)


def room(column: int, top: int, height: int, *names: str) -> Box:
    """Rooms of the kind slip in one box, with their verbs."""
    lines, verbs = [("room", name) for name in names], []
    for group in VERBS.values():
        for verb, module in group.items():
            if module.startswith(tuple(f"{KIND}.{name}." for name in names)):
                verbs.append(verb)
    wrapped = textwrap.wrap("  ".join(verbs), CHARACTERS, break_on_hyphens=False)
    lines += [("mono", line) for line in wrapped]
    return Box(column, top, height, environment(names[0]), tuple(lines))


def environment(name: str) -> str:
    """The one that a room runs in: simulate where the table says nothing else."""
    table = (DOCS / "overview.md").read_text(encoding="utf-8")
    (cell,) = re.findall(rf"^\| [^|]*`kinds/slip/{name}`[^|]*\|[^|]*\| ([^|]*) \|$", table, re.M)
    return "simulate" if cell == "simulate" else "learn"


def files(column: int, top: int, height: int, *lines: str, columns: int = 1) -> Box:
    """Files: names, and after a space what is in them."""
    styled = tuple(("mono" if re.fullmatch(r"\S+[./]\S*", text) else "", text) for text in lines)
    return Box(column, top, height, "file", styled, columns)


def boxes() -> list[Box]:
    """The study's way in the upper four rows, a specimen's in the last two."""
    return [
        files(0, 16, 52, "study.yaml", "every stage of a study starts from it", columns=4),
        room(0, 100, 154, "specimen"),
        files(1, 100, 64, "microstructures/*.nc", "grains, D, orientations, mesh"),
        files(1, 190, 64, "samples.csv", "k1, k2, k3 of every sample"),
        room(2, 100, 154, "fem", "crystal"),
        files(3, 100, 64, "shards/*.nc", "strain, load, k1, k2, k3"),
        files(3, 190, 64, "references/*.nc", "with derivatives to ln k"),
        room(3, 300, 64, "dataset"),
        files(2, 300, 64, "dataset/manifest.json", "which shards, their hashes"),
        room(1, 300, 118, "learning"),
        files(0, 300, 64, "models/*/", "weights, card, predictions"),
        files(0, 390, 64, "crossval/*.json", "scores of folds"),
        room(1, 444, 64, "figures"),
        files(2, 444, 64, "report.html", "of a study, and its figures"),
        files(3, 550, 64, "a laboratory's files:", "DIC, EBSD, load curve"),
        room(2, 550, 64, "measure"),
        files(1, 550, 64, "specimen.nc", "one measured specimen"),
        room(0, 550, 64, "inversion"),
        files(0, 640, 52, "inversion.json", "report.html"),
    ]


FLOWS = (
    *("M220 132 H258", "M220 222 H258", "M460 132 H498", "M460 222 H498"),
    *("M700 132 H738", "M700 222 H738", "M840 254 V298", "M740 332 H702", "M500 332 H462"),
    *("M260 332 H222", "M260 400 H222", "M220 446 L258 462", "M460 476 H498"),
    *("M740 582 H702", "M500 582 H462", "M260 582 H222", "M120 614 V638"),
    "M20 332 H8 V582 H18",
)
LEGEND = (
    ("simulate", 262, "runs in simulate (DOLFINx)"),
    ("learn", 502, "runs in learn (PyTorch)"),
    ("file", 722, "files"),
)


def picture() -> str:
    """The whole picture."""
    parts = [HEAD.format(height=708, description=DESCRIPTION), *(box.svg() for box in boxes())]
    parts += [f'  <path class="flow" d="{flow}"/>' for flow in FLOWS]
    for shape, x, text in LEGEND:
        parts.append(f'  <rect class="{shape}" x="{x}" y="653" width="22" height="18" rx="3"/>')
        parts.append(f'  <text class="free" x="{x + 30}" y="667">{text}</text>')
    note = "invert starts the verb reference for its forward runs"
    parts.append(f'  <text class="free" x="262" y="692">{note}</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    FIGURE.write_text(picture(), encoding="utf-8")
