"""The verbs `thickness` and `thickness-report`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config

app = typer.Typer()
Results = Annotated[Path, typer.Option(help="Folder of the runs, the table and the figure.")]
DEFAULT = Path("results/reference/thickness")


@app.command()
def thickness(config: Config, output: Results = DEFAULT) -> None:
    """Compare solids with their membranes over t/d: the table of the thickness factor M."""
    from slipfield.kinds.slip.study import load_study
    from slipfield.kinds.slip.thickness.runs import run_study
    from slipfield.kinds.slip.thickness.table import write_table

    write_table(run_study(load_study(config), output / "runs"), output)


@app.command()
def thickness_report(output: Results = DEFAULT) -> None:
    """Draw the thickness factor M over t/d from the table of `thickness`."""
    from slipfield.kinds.slip.thickness.figure import write_figure

    write_figure(output)
