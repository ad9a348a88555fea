"""The verbs that train inverters, measure them and look into them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config, Dataset, parse_rows
from slipfield.kinds.slip.models import MODELS

app = typer.Typer()

Model = Annotated[
    str | None, typer.Option(help=f"Inverter: {', '.join(MODELS)}; default learning.model.")
]
Network = Annotated[Path, typer.Option(help="Folder of a trained CNN-LSTM network.")]


@app.command()
def train(
    config: Config,
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Folder of the model.")],
    model: Model = None,
    tensorboard: Annotated[bool, typer.Option(help="Write TensorBoard's events too.")] = False,
) -> None:
    """Train an inverter and score it on the samples held out."""
    from slipfield.kinds.slip.learning.run import train_model
    from slipfield.kinds.slip.learning.tables import print_coverage, print_scores
    from slipfield.kinds.slip.study import load_study

    metrics = train_model(load_study(config), dataset, output, model, tensorboard)
    print_scores(metrics["test"], metrics["mean_predictor"], metrics["samples"]["test"])
    print_coverage(metrics["coverage"], metrics["interval_level"])


@app.command()
def crossval(
    config: Config,
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Scores of the folds (JSON).")],
    folds: Annotated[
        str | None, typer.Option(help="Folds A:B of folds x repeats, half open; default all.")
    ] = None,
    model: Model = None,
    grouping: Annotated[
        str | None,
        typer.Option(help="Folds by: random or microstructure; default crossval.grouping."),
    ] = None,
) -> None:
    """Cross-validate an inverter: train and score some of the folds."""
    from slipfield.kinds.slip.learning.crossval import run_folds
    from slipfield.kinds.slip.study import load_study

    study = load_study(config)
    name = model or study.learning.model
    first, last = parse_rows(folds or f"0:{study.crossval.folds_of(name)}")
    run_folds(study, dataset, name, first, last, output, grouping)


@app.command()
def crossval_summary(
    files: Annotated[list[Path], typer.Argument(help="Files that `crossval` wrote.")],
    output: Annotated[Path, typer.Option(help="Table (CSV); the same as JSON beside it.")],
) -> None:
    """Summarise cross-validation: mean, deviation and intervals of each metric."""
    from slipfield.kinds.slip.learning.crossval import summarise
    from slipfield.kinds.slip.learning.tables import print_summary

    print_summary(summarise(files, output))


@app.command()
def evaluate(
    model: Annotated[Path, typer.Option(help="Folder of the model.")],
    shards: Annotated[list[Path], typer.Option(help="Shard, or folder of shards.")],
    more: Annotated[list[Path] | None, typer.Argument(help="Further shards.")] = None,
    microstructures: Annotated[
        list[Path] | None,
        typer.Option(help="Grain maps or their folder; default ../microstructures of the shards."),
    ] = None,
    references: Annotated[
        list[Path] | None,
        typer.Option(help="Reference runs or their folder; default ../references of the shards."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Scores (JSON).")] = None,
) -> None:
    """Score a trained inverter on any shards."""
    from slipfield.kinds.slip.learning.run import evaluate_files
    from slipfield.kinds.slip.learning.tables import print_coverage, print_scores

    found = evaluate_files(model, [*shards, *(more or [])], microstructures, references, output)
    print_scores(found["scores"], found["mean_predictor"], found["samples"])
    print_coverage(found["coverage"], found["interval_level"])
    if not found["same_physics"]:
        typer.echo("note: these shards were made under other physics than the training data")


@app.command()
def sweep(
    config: Config,
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Scores of the trainings (JSON).")],
    setting: Annotated[
        str, typer.Option(help="base, or one other setting: learning_rate=0.01.")
    ] = "base",
) -> None:
    """Train the network with one setting changed, and score it on the samples held out."""
    from slipfield.kinds.slip.cnn_lstm.sweep import run_setting
    from slipfield.kinds.slip.study import load_study

    run_setting(load_study(config), dataset, setting, output)


@app.command()
def sweep_summary(
    files: Annotated[list[Path], typer.Argument(help="Files that `sweep` wrote.")],
    field: Annotated[str, typer.Option(help="Setting to compare by, such as learning_rate.")],
    output: Annotated[Path, typer.Option(help="Table (CSV); the same as JSON beside it.")],
) -> None:
    """Compare the trainings of `sweep` by one setting: the paper's tables 3 to 5."""
    from slipfield.kinds.slip.cnn_lstm.sweep import summarise_sweep
    from slipfield.kinds.slip.learning.tables import print_sweep

    print_sweep(summarise_sweep(files, field, output))


@app.command()
def onnx(
    model: Network,
    output: Annotated[Path, typer.Option(help="ONNX file to write.")],
) -> None:
    """Write a trained network as ONNX, from physical inputs to k1, k2, k3; compare with PyTorch."""
    from slipfield.kinds.slip.cnn_lstm.onnx_export import export_onnx

    difference = export_onnx(model, output)
    typer.echo(f"{output}: differs from PyTorch by {difference:.1e} of the training range")


@app.command()
def attribution(
    model: Network,
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Shares of the answers (NetCDF).")],
    samples: Annotated[int, typer.Option(min=1, help="Test samples, at most.")] = 24,
    steps: Annotated[int, typer.Option(min=1, help="Points on the path of integration.")] = 32,
) -> None:
    """Find which modality, frame and region carries k1, k2, k3: integrated gradients, ablation."""
    from slipfield.kinds.slip.cnn_lstm.attribution import write_attribution
    from slipfield.kinds.slip.learning.tables import print_attribution

    print_attribution(write_attribution(model, dataset, output, samples, steps))
