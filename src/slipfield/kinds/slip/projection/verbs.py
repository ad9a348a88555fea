"""The verbs of `slipfield projection`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config

app = typer.Typer(
    no_args_is_help=True,
    help="Adapt the projection inverter to finer meshes, and measure what it can do.",
)

Dataset = Annotated[Path, typer.Option(help="Folder that `gather` wrote, with references.")]


@app.command()
def adapt(
    model: Annotated[Path, typer.Option(help="Folder of a projection model.")],
    shards: Annotated[list[Path], typer.Option(help="Finer shards, or folders of them.")],
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Folder of the adapted model.")],
) -> None:
    """Adapt a model to samples of its specimens on a finer mesh."""
    from slipfield.kinds.slip.projection.adapt import adapt_model

    facts = adapt_model(model, shards, dataset, output)
    typer.echo(f"adapted to {facts['samples']} samples of {facts['microstructures']} specimens")


@app.command()
def tables(
    config: Config,
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Folder of the tables (CSV).")],
) -> None:
    """Write the accuracy tables: noise, channels, frames, samples, specimens, learners."""
    from slipfield.kinds.slip.projection.study import write_study
    from slipfield.kinds.slip.study import load_study

    write_study(load_study(config), dataset, output)


@app.command()
def crossmesh(
    config: Config,
    dataset: Dataset,
    finer: Annotated[
        list[Path], typer.Option(help="Folder of shards on a finer mesh; one option for each.")
    ],
    output: Annotated[Path, typer.Option(help="Table (CSV).")],
) -> None:
    """Write the cross-mesh table: trained and adapted on one mesh, tested on finer ones."""
    from slipfield.kinds.slip.projection.crossmesh import write_crossmesh
    from slipfield.kinds.slip.study import load_study

    write_crossmesh(load_study(config), dataset, finer, output)


@app.command()
def figures(
    tables: Annotated[Path, typer.Option(help="Folder of the tables (CSV).")],
    output: Annotated[Path, typer.Option(help="Folder of the pictures (PNG).")],
) -> None:
    """Draw the accuracy tables, and the cross-mesh table if it is there."""
    from slipfield.kinds.slip.figures.projection import write_figures

    write_figures(tables, output)
