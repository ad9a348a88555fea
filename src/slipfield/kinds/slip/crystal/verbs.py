"""The verb `point`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config, Output

app = typer.Typer()


@app.command()
def point(
    config: Config,
    euler: Annotated[tuple[float, float, float], typer.Option(help="Bunge angles, rad.")],
    size: Annotated[float, typer.Option(help="Grain size D, mm.")],
    parameters: Annotated[
        tuple[float, float, float],
        typer.Option(help="k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5)."),
    ],
    path: Annotated[Path, typer.Option(help="CSV with time,F11,F12,F21,F22.")],
    output: Output,
    max_step: Annotated[float | None, typer.Option(help="Largest internal step, s.")] = None,
) -> None:
    """Drive one material point through a deformation path."""
    from slipfield.kinds.slip.crystal.driver import run_point_file
    from slipfield.kinds.slip.study import load_study

    run_point_file(load_study(config), euler, size, parameters, path, output, max_step)
