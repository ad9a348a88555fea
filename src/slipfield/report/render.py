"""A report page from its parts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import jinja2

from slipfield import __version__
from slipfield.core.recorded import names_beside
from slipfield.report.page import Banner, Card, Section


def render(
    heading: str,
    summary: str,
    cards: Sequence[Card],
    sections: Sequence[Section],
    physics_hash: str,
    folder: Path,
    banner: Banner | None = None,
) -> str:
    """Render one self-contained HTML page; ``banner`` stands above the headline numbers.

    The page names the files of its pictures as seen from ``folder``, where it will lie, for
    :func:`slipfield.core.recorded.missing_beside`.
    """
    paths = (picture.path for section in sections for picture in section.pictures)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("slipfield.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html.j2").render(
        heading=heading,
        summary=summary,
        cards=cards,
        sections=sections,
        version=__version__,
        physics_hash=physics_hash,
        banner=banner,
        files=names_beside(os.path.relpath(path, folder) for path in paths),
    )
