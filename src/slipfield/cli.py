"""The command line: the verbs of all rooms under one name.

Every verb imports what it needs when it runs, so that no process loads both DOLFINx and PyTorch.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from slipfield import __version__
from slipfield.core import ranks
from slipfield.core.errors import EXIT_STATUS, SlipfieldError
from slipfield.core.options import Config, Output
from slipfield.core.places import check_place
from slipfield.kinds.composite.verbs import app as composite_app
from slipfield.kinds.curves.study_verbs import app as curves_study_app
from slipfield.kinds.curves.verbs import app as curves_app
from slipfield.kinds.slip.baselines.verbs import app as baselines_app
from slipfield.kinds.slip.bench.verbs import app as bench_app
from slipfield.kinds.slip.crystal.verbs import app as crystal_app
from slipfield.kinds.slip.dataset.verbs import app as dataset_app
from slipfield.kinds.slip.fem.verbs import app as fem_app
from slipfield.kinds.slip.figures.verbs import app as figures_app
from slipfield.kinds.slip.inversion.verbs import app as inversion_app
from slipfield.kinds.slip.learning.verbs import app as learning_app
from slipfield.kinds.slip.measure.import_verbs import app as import_app
from slipfield.kinds.slip.measure.verbs import app as measure_app
from slipfield.kinds.slip.planning.verbs import app as scaleout_app
from slipfield.kinds.slip.projection.verbs import app as projection_app
from slipfield.kinds.slip.specimen.verbs import app as specimen_app
from slipfield.kinds.slip.study import load_study
from slipfield.kinds.slip.thickness.verbs import app as thickness_app
from slipfield.kinds.slip.verification.verbs import app as verification_app
from slipfield.spine.verbs import app as spine_app

app = typer.Typer(
    name="slipfield",
    help="Slip-law parameters of gradient-grained metals from measured strain fields.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Show the version if asked."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def schema(output: Output) -> None:
    """Write the JSON schema of the study file."""
    import json

    from slipfield.core.files import write_text
    from slipfield.core.kind import schema as study_schema

    write_text(output, json.dumps(study_schema(), indent=2, sort_keys=True) + "\n")


@app.command()
def check(config: Config) -> None:
    """Check a study file: whether it is valid, and what in it is unlikely to be meant."""
    from slipfield.core.kind import load, load_any_study

    study, kind = load_any_study(config)
    found = list(load(kind.doubts)(study)) if kind.doubts else []
    typer.echo(f"{config}: study {study.name!r} is valid{', but look at this:' if found else ''}")
    for doubt in found:
        typer.echo(f"warning: {doubt}")


@app.command()
def design(config: Config, output: Output) -> None:
    """Sample (k1, k2, k3) by a maximin Latin hypercube (CSV)."""
    from slipfield.kinds.slip.design import make_design, write_design

    study = load_study(config)
    write_design(make_design(study), study, output)


ROOMS = {
    "Specimens and simulations": (specimen_app, crystal_app, fem_app, thickness_app),
    "Datasets and inverters": (dataset_app, learning_app, baselines_app),
    "Measured specimens": (measure_app, inversion_app),
    "Stress-strain curves": (curves_app, curves_study_app),
    "Figures": (figures_app,),
    "This machine, and trust in the solver": (scaleout_app, verification_app, bench_app),
}
"""Rooms by the heading under which `--help` lists their verbs."""

for heading, rooms in ROOMS.items():
    for room in rooms:
        for verb in room.registered_commands:
            verb.rich_help_panel = heading
        app.add_typer(room)
app.add_typer(composite_app, name="composite", rich_help_panel="Composites")
app.add_typer(spine_app, name="study", rich_help_panel="Studies of inputs and outputs")
app.add_typer(import_app, name="import", rich_help_panel="Measured specimens")
app.add_typer(projection_app, name="projection", rich_help_panel="Datasets and inverters")


def main() -> None:
    """Run the command line; an error of a user is one line on stderr and exit status 2 (or 3)."""
    try:
        check_place("this job")
        app()
    except Exception as error:
        if ranks.several():
            ranks.end_all(error)
        if isinstance(error, MemoryError):
            error = SlipfieldError(f"memory: there is not enough of it for this ({error})")
        if not isinstance(error, SlipfieldError):
            raise error
        print(f"slipfield: error: {error}", file=sys.stderr)
        sys.exit(EXIT_STATUS.get(type(error), 2))
