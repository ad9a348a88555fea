"""The verbs `bench-design` and `design-maps`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipfield.core.options import Config

if TYPE_CHECKING:
    from slipfield.kinds.search.study import SearchStudy
    from slipfield.kinds.slip.study import Study

app = typer.Typer()

Told = Annotated[list[Path], typer.Option(help="Told trials of the search; repeatable.")]


@app.command("bench-design")
def bench_design(
    config: Config,
    told: Told,
    output: Annotated[Path, typer.Option(help="Folder of specimens.csv and designs.csv.")],
    specimens: Annotated[int, typer.Option(min=0, help="Fresh specimens of each design.")] = 10,
) -> None:
    """Invert fresh specimens of a search's best design and of its study's own one; continued."""
    from slipfield.core.files import write_text
    from slipfield.core.recorded import claim_contents
    from slipfield.core.tables import csv_text
    from slipfield.kinds.search.front import on_front
    from slipfield.kinds.search.study import load_study
    from slipfield.kinds.search.trials import read_told
    from slipfield.kinds.slip.specimen_design.table import design_rows, specimen_rows

    study = load_study(config)
    sheet = _sheet_of(study)
    table = read_told(study, told)
    best = table[on_front(study, table)].iloc[0]
    found = {each.name: float(best[each.name]) for each in study.variables}
    designs: dict[str, dict[str, float]] = {"default": {}, "best": found}
    facts = {"study": sheet.model_dump(mode="json"), "designs": designs}
    claim_contents(output / "bench.json", facts, "bench of designs")
    each = specimen_rows(sheet, designs, specimens, output / "specimens.csv")
    whole = design_rows(sheet, designs, each)
    write_text(output / "designs.csv", csv_text(whole))
    typer.echo(whole.T.to_string(header=False))


@app.command("design-maps")
def design_maps(
    config: Config,
    told: Told,
    output: Annotated[Path, typer.Option(help="Picture.")],
    count: Annotated[int, typer.Option(min=1, max=6, help="Designs along the front.")] = 3,
) -> None:
    """Draw grains and strain of some designs of a search's front, from end to end of it."""
    import numpy as np

    from slipfield.kinds.search.front import on_front
    from slipfield.kinds.search.study import load_study
    from slipfield.kinds.search.trials import TRIAL, read_told
    from slipfield.kinds.slip.specimen_design.figures import figure_designs, pulled_afresh
    from slipfield.report.style import save_figure

    study = load_study(config)
    sheet = _sheet_of(study)
    table = read_told(study, told)
    front = table[on_front(study, table)].sort_values(study.objectives[0].name)
    chosen = np.unique(np.linspace(0, len(front) - 1, min(count, len(front))).round().astype(int))
    names = [each.name for each in study.variables]
    pulled = {
        f"trial {row[TRIAL]}": pulled_afresh(sheet, {name: float(row[name]) for name in names})
        for row in front.iloc[chosen].to_dict("records")
    }
    save_figure(figure_designs(pulled), output)


def _sheet_of(search: SearchStudy) -> Study:
    """Study of the sheets that a search asks."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.kinds.search.evaluate import evaluation
    from slipfield.kinds.slip.study import Study

    sheet, _ = evaluation(search)
    if not isinstance(sheet, Study):
        raise SlipfieldError(f"evaluator.kind: given {sheet.kind!r}; this takes a search of slip")
    return sheet
