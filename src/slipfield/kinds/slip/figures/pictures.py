"""Pictures of a study on its report page."""

from __future__ import annotations

from slipfield.kinds.slip.figures.catalogue import FIGURES
from slipfield.kinds.slip.figures.sources import Results
from slipfield.report.page import Picture, picture_of


def picture(results: Results, name: str) -> list[Picture]:
    """Figure ``name`` of the study as a list of one picture, or of none if it does not exist."""
    path = results.folder / "figures" / f"{name}.png"
    if not path.exists():
        return []
    return [picture_of(path, FIGURES[name].title, FIGURES[name].text)]
