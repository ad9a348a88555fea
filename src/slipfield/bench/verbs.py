"""The verbs `bench` and `bench-solver`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.options import Config
from slipfield.study import load_study

app = typer.Typer()


@app.command()
def bench(
    output: Annotated[Path, typer.Option(help="Results (JSON).")] = Path(
        "results/bench/bench.json"
    ),
    large: Annotated[
        bool, typer.Option(help="Also 400 x 400 elements, and CalculiX on 100 x 100.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Parts to measure: solver, builds, cores, peer, learning; default all."),
    ] = None,
) -> None:
    """Measure what samples and training steps cost; print a table and write it as JSON."""
    from slipfield.bench.run import DEFAULT, LARGE, run_bench

    run_bench(LARGE if large else DEFAULT, output, only)


@app.command()
def bench_solver(
    measurement: Annotated[str, typer.Argument(help="batch or variants.")],
    config: Config,
    microstructure: Annotated[Path, typer.Option(help="Grain map (NetCDF).")],
    output: Annotated[Path, typer.Option(help="Result (JSON).")],
    repeats: Annotated[int, typer.Option(min=1, help="Samples of each kind.")] = 3,
) -> None:
    """Take one measurement of the solver: one batch by phase, or variants of the solver."""
    from slipfield.bench.solver import measure

    measure(measurement, load_study(config), microstructure, repeats, output)
