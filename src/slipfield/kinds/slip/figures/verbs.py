"""The verbs `figure` and `report`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config, Results, check_outputs

app = typer.Typer()


@app.command()
def figure(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Names of figures, for example strain.")
    ],
    config: Config,
    output: Annotated[
        list[Path],
        typer.Option(help="Picture to write: .png, .svg or .pdf; one option for each name."),
    ],
    results: Results = None,
) -> None:
    """Draw figures from the files of a study."""
    from slipfield.kinds.slip.figures.drawing import write_figure
    from slipfield.kinds.slip.figures.sources import Results as Files
    from slipfield.kinds.slip.study import load_study

    check_outputs(output, len(names), "figures")
    study = load_study(config)
    files = Files(study, results or Path("results") / study.name)
    for name, path in zip(names, output, strict=True):
        write_figure(name, files, path)


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
