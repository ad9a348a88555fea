"""The verbs `slice` and `doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.options import Config, Results
from slipfield.study import load_study

app = typer.Typer()


@app.command(name="slice")
def run_slice(
    config: Config,
    output: Annotated[Path, typer.Option(help="Unit costs (JSON).")],
    folder: Annotated[Path, typer.Option(help="Folder of the slice's files.")] = Path(
        "results/slice"
    ),
) -> None:
    """Run eight samples of a study and train on them: what one sample costs."""
    from slipfield.scaleout.slice import run_slice as measure
    from slipfield.scaleout.slice import summary_lines

    for line in summary_lines(measure(load_study(config), folder, output, typer.echo)):
        typer.echo(line)


@app.command()
def doctor(
    config: Config,
    results: Results = None,
) -> None:
    """Check environments, MPI, solvers, compiler, disk and Slurm; exit code 1 if one fails."""
    from rich.console import Console

    from slipfield.scaleout.doctor import examine, print_findings

    study = load_study(config)
    findings = examine(study, config, results or Path("results") / study.name)
    if not print_findings(findings, Console()):
        raise typer.Exit(1)
