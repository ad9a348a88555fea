"""The report of a study: one self-contained HTML file from whatever results exist."""

from __future__ import annotations

from pathlib import Path

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.kinds.slip.figures import learning_sections, study_sections
from slipfield.kinds.slip.figures.curves_section import curves_section
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.figures.sweep_section import sweep_section
from slipfield.report.render import render

SECTIONS = (
    study_sections.study_section,
    study_sections.specimen_section,
    study_sections.design_section,
    study_sections.simulation_section,
    learning_sections.training_section,
    learning_sections.prediction_section,
    curves_section,
    sweep_section,
    learning_sections.crossval_section,
    study_sections.cost_section,
    study_sections.provenance_section,
)


SHOWN = ("microstructures", "samples.csv", "shards", "references", "dataset", "crossval", "tables")
"""What has to be of the study, besides its models; other curves and sweeps are left out."""


def write_report(results: Results, output: Path) -> None:
    """Write the report of a study; a section appears only if its files exist.

    Raises
    ------
    SlipfieldError
        If the study has no folder, a file in it is damaged, or another study made it.
    """
    if not results.folder.is_dir():
        raise SlipfieldError(f"{results.folder}: no such folder; run the study, or name --results")
    results.check(*SHOWN, *(f"models/{model}" for model in results.study.models))
    found = [section for make in SECTIONS if (section := make(results)) is not None]
    page = render(
        heading=f"Study {results.study.name}",
        summary=study_sections.summary(results),
        cards=[*study_sections.cards(results), *learning_sections.cards(results)],
        sections=found,
        physics_hash=results.study.physics_hash(),
        folder=output.parent,
    )
    write_text(output, page)
