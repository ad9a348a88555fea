"""The verbs `figure` and `report`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config, Results

app = typer.Typer()


@app.command()
def figure(
    name: Annotated[str, typer.Argument(help="Name of the figure, for example strain.")],
    config: Config,
    output: Annotated[Path, typer.Option(help="Picture to write: .png, .svg or .pdf.")],
    results: Results = None,
) -> None:
    """Draw one figure from the files of a study."""
    from slipfield.kinds.slip.figures.drawing import write_figure
    from slipfield.kinds.slip.figures.sources import Results as Files
    from slipfield.kinds.slip.study import load_study

    study = load_study(config)
    write_figure(name, Files(study, results or Path("results") / study.name), output)


@app.command()
def report(
    config: Config,
    output: Annotated[Path, typer.Option(help="HTML file to write.")],
    results: Results = None,
) -> None:
    """Write the report of a study: one self-contained HTML file."""
    from slipfield.kinds.slip.figures.report import write_report
    from slipfield.kinds.slip.figures.sources import Results as Files
    from slipfield.kinds.slip.study import load_study

    study = load_study(config)
    write_report(Files(study, results or Path("results") / study.name), output)
