"""The verb `virtual-lab`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def virtual_lab(
    model: Annotated[Path, typer.Option(help="Folder of a projection inverter.")],
    output: Annotated[Path, typer.Option(help="Folder of the result; continued if it is there.")],
    specimens: Annotated[int, typer.Option(min=1, help="Unseen specimens.")] = 2,
    first: Annotated[int, typer.Option(min=0, help="Number of the first one.")] = 0,
    cells: Annotated[int, typer.Option(min=8, help="Elements along each side.")] = 128,
    frames: Annotated[int, typer.Option(min=4, help="Strain maps of each test.")] = 20,
    refine: Annotated[int, typer.Option(min=0, help="Forward runs of a refinement.")] = 5,
    subset: Annotated[int, typer.Option(min=5, help="Width of a subset, pixels (odd).")] = 33,
    step: Annotated[int, typer.Option(min=1, help="Step, pixels (a power of two).")] = 8,
    strain_window: Annotated[
        int, typer.Option(min=4, help="Full width of the strain fit, pixels.")
    ] = 40,
    pixels: Annotated[int, typer.Option(min=200, help="Width of the sheet, pixels.")] = 1500,
    control_points: Annotated[
        int, typer.Option(min=0, help="Of the orientation map; 0: the refinement lays it.")
    ] = 8,
) -> None:
    """Photograph, correlate (pyALDIC), import and invert unseen specimens; say what came out."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.kinds.slip.virtual_lab.camera import Camera
    from slipfield.kinds.slip.virtual_lab.files import Errors
    from slipfield.kinds.slip.virtual_lab.images import Correlation
    from slipfield.kinds.slip.virtual_lab.run import Plan, summary_lines
    from slipfield.kinds.slip.virtual_lab.run import virtual_lab as measure

    if subset % 2 == 0 or step & (step - 1):
        raise SlipfieldError("subset, step: pyALDIC takes an odd subset, and powers of two as step")
    correlation, camera = Correlation(subset, step, strain_window), Camera(pixels=pixels)
    errors = Errors(marks=control_points)
    plan = Plan(specimens, cells, first, frames, refine, camera, correlation, errors)
    for line in summary_lines(measure(model, output, plan)):
        typer.echo(line)
