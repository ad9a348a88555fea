"""The verbs of micrographs: argument handling and nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from slipfield.core.options import Output

app = typer.Typer(
    no_args_is_help=True,
    help="Micrographs: grains, second phase and grain size; rendered ones with exact truth.",
)


@app.callback()
def group() -> None:
    """Micrographs: grains, second phase and grain size; rendered ones with exact truth."""


@app.command()
def render(
    output: Output,
    preset: Annotated[
        str, typer.Option(help="etched-steel, mg-gd, sem-two-phase or tinted.")
    ] = "etched-steel",
    seed: Annotated[int, typer.Option(min=0, help="Seed; every one is another image.")] = 0,
    size: Annotated[tuple[int, int], typer.Option(help="Height and width of the image, px.")] = (
        512,
        512,
    ),
    labels: Annotated[
        str | None,
        typer.Option(
            help="Labelled image (PNG, TIFF) whose grains are drawn, e.g. of an EBSD map."
        ),
    ] = None,
) -> None:
    """Render a micrograph: image.png and, beside it, what is truly on it."""
    from slipfield.kinds.micrograph.files import write_rendered

    write_rendered(output, preset, seed, size, labels)
