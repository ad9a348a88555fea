"""The verbs of composites: argument handling and nothing else."""

from __future__ import annotations

from typing import Annotated, Any

import click
import typer
from typer.core import TyperCommand

from slipfield.core.options import Output

app = typer.Typer(help="Unidirectional composites: effective stiffness and designs that hold.")

Array = Annotated[str, typer.Option(help="Fibre array: square or hexagonal.")]
Void = Annotated[bool, typer.Option("--void", help="Holes instead of fibres.")]


class Tuples(TyperCommand):
    """A command with repeatable options of several values, which Typer cannot declare."""

    kinds = {"target": (str, float, float), "bounds": (str, float, float), "tolerance": (str, str)}

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        for option in self.params:
            if kinds := self.kinds.get(option.name or ""):
                option.type, option.nargs = click.Tuple(kinds), len(kinds)


@app.command()
def stiffness(
    em: Annotated[float, typer.Option(help="Young's modulus of the matrix, GPa.")],
    num: Annotated[float, typer.Option(help="Poisson's ratio of the matrix, 1.")],
    fraction: Annotated[float, typer.Option(help="Fibre fraction, 1.")],
    ef: Annotated[float | None, typer.Option(help="Young's modulus of the fibre, GPa.")] = None,
    nuf: Annotated[float | None, typer.Option(help="Poisson's ratio of the fibre, 1.")] = None,
    array: Array = "square",
    void: Void = False,
    degree: Annotated[int, typer.Option(min=1, max=12, help="Polynomial degree of the cell.")] = 6,
    gradient: Annotated[bool, typer.Option("--gradient", help="Derivatives too.")] = False,
) -> None:
    """Print the effective constants of a composite as one JSON object, GPa."""
    from slipfield.kinds.composite.answers import stiffness_text

    typer.echo(stiffness_text((em, num, ef, nuf, fraction), array, void, degree, gradient))


@app.command(cls=Tuples)
def design(
    output: Output,
    target: Annotated[
        list[str] | None, typer.Option(help="Constant, lower and upper bound (GPa); repeatable.")
    ] = None,
    bounds: Annotated[
        list[str] | None, typer.Option(help="Parameter, lowest and highest value; repeatable.")
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(help="Parameter and its tolerance, as 0.25 or 5%, for a box of these widths."),
    ] = None,
    array: Array = "square",
    front: Annotated[bool, typer.Option("--front", help="Write the Pareto front too.")] = False,
    draws: Annotated[int, typer.Option(min=0, help="Materials drawn from each box, 1.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of snapshots, starts and draws, 1.")] = 0,
) -> None:
    """Find boxes of phase properties that keep bounds of effective constants; all re-checked."""
    from slipfield.kinds.composite.answers import Question, run_design

    question = Question.parse(target or [], bounds or [], tolerance or [], array, seed)
    for line in run_design(question, output, front, draws):
        typer.echo(line)
