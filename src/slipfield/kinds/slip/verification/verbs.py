"""The verbs `verify` and `verify-report`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def verify(
    output: Annotated[Path, typer.Option(help="Folder of the results (JSON).")] = Path(
        "results/verification"
    ),
    only: Annotated[
        list[str] | None, typer.Option(help="Chapters to run, for example point_law; default all.")
    ] = None,
) -> None:
    """Compare the solver with known solutions; exit code 1 when a check fails."""
    from slipfield.kinds.slip.verification.run import run_verification

    if not run_verification(output, only):
        raise typer.Exit(1)


@app.command()
def verify_report(
    results: Annotated[Path, typer.Option(help="Folder that `verify` wrote.")] = Path(
        "results/verification"
    ),
    output: Annotated[Path, typer.Option(help="Folder of verification.md.")] = Path("docs"),
) -> None:
    """Write the verification page and its figures from the results of `verify`."""
    from slipfield.kinds.slip.verification.report import write_report

    write_report(results, output)
