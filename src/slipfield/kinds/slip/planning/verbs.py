"""The verb `doctor`."""

from __future__ import annotations

from pathlib import Path

import typer

from slipfield.core.options import Config, Results

app = typer.Typer()


@app.command()
def doctor(
    config: Config,
    results: Results = None,
) -> None:
    """Check environments, MPI, solvers, compiler, disk and Slurm; exit code 1 if one fails."""
    from rich.console import Console

    from slipfield.kinds.slip.planning.doctor import examine, print_findings
    from slipfield.kinds.slip.study import load_study

    study = load_study(config)
    findings = examine(study, config, results or Path("results") / study.name)
    if not print_findings(findings, Console()):
        raise typer.Exit(1)
