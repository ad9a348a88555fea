"""The verbs of a study of micrographs: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config, Output

app = typer.Typer()
Task = Annotated[str, typer.Option(help="boundaries or phases.")]


@app.command()
def variant(
    config: Config,
    task: Task,
    variant: Annotated[str, typer.Option(help="A network of the study's variants.")],
    output: Output,
) -> None:
    """Train one network of a study of micrographs (safetensors)."""
    from slipfield.kinds.micrograph.stages import train_variant
    from slipfield.kinds.micrograph.study import load_micrograph_study

    for line in train_variant(load_micrograph_study(config), task, variant, output):
        typer.echo(line)


@app.command()
def compare(
    config: Config,
    task: Task,
    weights: Annotated[Path, typer.Option(help="Folder of the networks of `variant`.")],
    output: Output,
) -> None:
    """Score all methods and the networks of a study (JSON), and write its table (CSV)."""
    from slipfield.kinds.micrograph.stages import compare
    from slipfield.kinds.micrograph.study import load_micrograph_study

    compare(load_micrograph_study(config), task, weights, output)


@app.command()
def report(
    config: Config,
    folder: Annotated[Path, typer.Option(help="Folder of the study's files.")],
    output: Output,
) -> None:
    """Write the report of a study of micrographs (HTML), with its figures."""
    from slipfield.kinds.micrograph.report import write_report
    from slipfield.kinds.micrograph.study import load_micrograph_study

    write_report(load_micrograph_study(config), folder, output)
