"""The verbs of a study of curves: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config, Output, parse_rows

app = typer.Typer()
Curves = Annotated[Path, typer.Option(help="Curves that `curve-gather` wrote (NetCDF).")]
Setting = Annotated[int, typer.Option(min=1, max=5, help="Feature setting of the paper, 1 to 5.")]


@app.command()
def tension(
    config: Config,
    rows: Annotated[str, typer.Option(help="Alloys of the table, A:B, half open, from 0.")],
    output: Output,
) -> None:
    """Simulate the tension test of a batch of alloys: a shard (NetCDF)."""
    from slipfield.kinds.curves.study import load_curves_study
    from slipfield.kinds.curves.tension.batch import simulate_rows

    simulate_rows(load_curves_study(config), parse_rows(rows), output)


@app.command()
def curve_gather(
    config: Config,
    shards: Annotated[list[Path], typer.Option(help="Shards of `tension`; repeatable.")],
    output: Output,
) -> None:
    """Put simulated tests on the grid of the learners, beside the closed form (NetCDF)."""
    from slipfield.kinds.curves.study import load_curves_study
    from slipfield.kinds.curves.tables import gather

    gather(load_curves_study(config), shards, output)


@app.command()
def curve_learn(
    config: Config,
    curves: Curves,
    learner: Annotated[str, typer.Option(help="rule, forest or network.")],
    setting: Setting,
    output: Output,
) -> None:
    """Score a learner of curves on all splits of a study (CSV)."""
    from slipfield.kinds.curves.stages import learn
    from slipfield.kinds.curves.study import load_curves_study

    learn(load_curves_study(config), curves, learner, setting, output)


@app.command()
def curve_train(
    config: Config,
    curves: Curves,
    setting: Setting,
    group: Annotated[str, typer.Option(help="group1, group2 or group3.")],
    output: Output,
) -> None:
    """Train the published network of curves and score it on a test group of the paper (CSV)."""
    from slipfield.kinds.curves.stages import train_published
    from slipfield.kinds.curves.study import load_curves_study

    train_published(load_curves_study(config), curves, setting, group, output)


@app.command()
def curve_summary(
    scores: Annotated[list[Path], typer.Option(help="Scores of learners (CSV); repeatable.")],
    output: Output,
) -> None:
    """Summarise scores by learner, setting and scheme (CSV); below.csv names curves under 0.95."""
    from slipfield.kinds.curves.stages import write_summary

    write_summary(scores, output)


@app.command()
def curve_figure(
    name: Annotated[str, typer.Argument(help="predicted or similarity.")],
    scores: Annotated[list[Path], typer.Option(help="Scores that `curve-train` wrote (CSV).")],
    output: Output,
) -> None:
    """Draw a figure of the published network: predicted curves, or their similarity."""
    from slipfield.kinds.curves.stages import draw

    draw(name, scores, output)


@app.command()
def curve_report(
    config: Config,
    folder: Annotated[Path, typer.Option(help="Folder of the study's files.")],
    output: Output,
) -> None:
    """Write the report of a study of curves (HTML), with its figures."""
    from slipfield.kinds.curves.report import write_report
    from slipfield.kinds.curves.study import load_curves_study

    write_report(load_curves_study(config), folder, output)
