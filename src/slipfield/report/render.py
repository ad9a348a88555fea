"""A report page from its parts."""

from __future__ import annotations

from collections.abc import Sequence

import jinja2

from slipfield import __version__
from slipfield.report.page import Banner, Card, Section


def render(
    heading: str,
    summary: str,
    cards: Sequence[Card],
    sections: Sequence[Section],
    physics_hash: str,
    banner: Banner | None = None,
) -> str:
    """Render one self-contained HTML page; ``banner`` stands above the headline numbers."""
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
    )
