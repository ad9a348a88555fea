"""Pictures of a study on its report page."""

from __future__ import annotations

from collections.abc import Collection

from slipfield.kinds.slip.figures.catalogue import FIGURES
from slipfield.kinds.slip.figures.sources import Results
from slipfield.report.page import Picture, picture_of


def picture(results: Results, name: str) -> list[Picture]:
    """Figure ``name`` of the study as a list of one picture, or of none if it does not exist."""
    path = results.folder / "figures" / f"{name}.png"
    if not path.exists():
        return []
    return [picture_of(path, FIGURES[name].title, FIGURES[name].text)]


def pictures_of(results: Results, section: str, models: Collection[str] = ()) -> list[Picture]:
    """Figures that a section of the report shows, in the order of the table, if they exist.

    Parameters
    ----------
    models : inverters whose own figures are shown, too.
    """
    names = (
        name
        for name, entry in FIGURES.items()
        if entry.section == section and entry.model in ("", *models)
    )
    return [shown for name in names for shown in picture(results, name)]
