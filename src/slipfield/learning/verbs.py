"""The verbs `sweep`, `sweep-summary`, `attribution` and `onnx`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.study import load_study

app = typer.Typer()

Config = Annotated[Path, typer.Option(help="Study file (YAML).")]
Dataset = Annotated[Path, typer.Option(help="Folder that `gather` wrote.")]
Network = Annotated[Path, typer.Option(help="Folder of a trained CNN-LSTM network.")]


@app.command()
def sweep(
    config: Config,
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Scores of the trainings (JSON).")],
    setting: Annotated[
        str, typer.Option(help="base, or one other setting: learning_rate=0.01.")
    ] = "base",
):
    """Train the network with one setting changed, and score it on the samples held out."""
    from slipfield.learning.sweep import run_setting

    run_setting(load_study(config), dataset, setting, output)


@app.command()
def sweep_summary(
    files: Annotated[list[Path], typer.Argument(help="Files that `sweep` wrote.")],
    field: Annotated[str, typer.Option(help="Setting to compare by, such as learning_rate.")],
    output: Annotated[Path, typer.Option(help="Table (CSV); the same as JSON beside it.")],
):
    """Compare the trainings of `sweep` by one setting: the paper's tables 3 to 5."""
    from slipfield.learning.sweep import summarise_sweep
    from slipfield.learning.tables import print_sweep

    print_sweep(summarise_sweep(files, field, output))


@app.command()
def onnx(
    model: Network,
    output: Annotated[Path, typer.Option(help="ONNX file to write.")],
):
    """Write a trained network as ONNX, from physical inputs to k1, k2, k3; compare with PyTorch."""
    from slipfield.learning.onnx_export import export_onnx

    difference = export_onnx(model, output)
    typer.echo(f"{output}: differs from PyTorch by {difference:.1e} of the training range")


@app.command()
def attribution(
    model: Network,
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Shares of the answers (NetCDF).")],
    samples: Annotated[int, typer.Option(min=1, help="Test samples, at most.")] = 24,
    steps: Annotated[int, typer.Option(min=1, help="Points on the path of integration.")] = 32,
):
    """Find which modality, frame and region carries k1, k2, k3: integrated gradients, ablation."""
    from slipfield.learning.attribution import write_attribution
    from slipfield.learning.tables import print_attribution

    print_attribution(write_attribution(model, dataset, output, samples, steps))
