"""The verbs `baselines` and `learning-curves`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config

app = typer.Typer()


@app.command()
def baselines(
    config: Config,
    dataset: Annotated[Path, typer.Option(help="Folder that `gather` wrote, with references.")],
    output: Annotated[Path, typer.Option(help="Folder of learning_curves.csv.")],
    method: Annotated[
        list[str] | None,
        typer.Option(help="Method; repeatable; default simple ones and the study's inverters."),
    ] = None,
    samples: Annotated[
        list[int] | None,
        typer.Option(help="Training samples; repeatable; default curves.samples."),
    ] = None,
) -> None:
    """Compare all methods on unseen microstructures over the number of training samples."""
    from slipfield.kinds.slip.baselines.run import run_baselines
    from slipfield.kinds.slip.study import load_study

    run_baselines(load_study(config), dataset, output, method, samples)


@app.command()
def learning_curves(
    table: Annotated[Path, typer.Option(help="Table that `baselines` wrote (CSV).")],
    output: Annotated[Path, typer.Option(help="Picture to write: .png, .svg or .pdf.")],
) -> None:
    """Draw the learning curves of all methods."""
    from slipfield.kinds.slip.figures.baselines import write_learning_curves

    write_learning_curves(table, output)
