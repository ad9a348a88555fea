"""The verbs `warmup`, `simulate` and `reference`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core import ranks
from slipfield.core.options import Config, Output, check_outputs, parse_rows

app = typer.Typer()


@app.command()
def warmup(config: Config) -> None:
    """Compile the kernels of the study once, before jobs fan out."""
    from slipfield.kinds.slip.crystal.build import kernel_library
    from slipfield.kinds.slip.fem.kernels import study_kernels
    from slipfield.kinds.slip.fem.precision import precision_of
    from slipfield.kinds.slip.study import load_study

    study = load_study(config)
    for source, variants in study_kernels(study, precision_of(study.solver)):
        typer.echo(f"{source.stem}: {kernel_library(source, *variants)}")


@app.command()
def simulate(
    config: Config,
    microstructure: Annotated[Path, typer.Option(help="Grain map (NetCDF).")],
    samples: Annotated[Path, typer.Option(help="Design of experiments (CSV).")],
    rows: Annotated[str, typer.Option(help="Rows A:B of the design, half open.")],
    output: Output,
    fields: Annotated[
        Path | None, typer.Option(help="Folder for the fields of every sample (ParaView, XDMF).")
    ] = None,
    solid: Annotated[
        bool,
        typer.Option(
            "--solid",
            help="Simulate in three dimensions, as the study's section `solid` says or by its "
            "defaults: grains below the face, 5 layers.",
        ),
    ] = False,
    expected: Annotated[
        int | None,
        typer.Option(
            "--ranks",
            min=1,
            envvar="SLIPFIELD_RANKS",
            help="Refuse to run on another number of ranks.",
        ),
    ] = None,
) -> None:
    """Simulate a batch of samples on one microstructure (a shard)."""
    from slipfield.kinds.slip.fem.batch import simulate_batch
    from slipfield.kinds.slip.study import load_study

    study = load_study(config)
    if solid:
        study = study.as_solid()
    if expected:
        ranks.expect(expected)
    chosen = parse_rows(rows)
    simulate_batch(study, microstructure, samples, chosen, output, fields=fields)


@app.command()
def reference(
    config: Annotated[
        list[Path], typer.Option(help="Study file (YAML), one of all grain maps or one of each.")
    ],
    microstructure: Annotated[
        list[Path], typer.Option(help="Grain map (NetCDF); repeatable, each with its --output.")
    ],
    output: Annotated[list[Path], typer.Option(help="File to write; repeatable.")],
    parameters: Annotated[
        tuple[float, float, float] | None,
        typer.Option(help="k1, k2, k3 instead of the centre of the sampling box."),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A constant whose logarithm is a parameter, too: h0, n, q, g0, elastic (a "
            "common factor of C11, C12, C44), and of Voce hardening g_sat, a. Can be repeated.",
        ),
    ] = None,
) -> None:
    """Simulate the centre of the sampling box, or a given point, with sensitivities to ln k."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.kinds.slip.fem.batch import simulate_reference
    from slipfield.kinds.slip.study import load_study

    constants = also or ()
    if len(config) not in (1, len(microstructure)):
        raise SlipfieldError(
            f"config: {len(config)} given for {len(microstructure)} grain maps; give one, or one "
            "for each"
        )
    check_outputs(output, len(microstructure), "grain maps")
    studies = [load_study(path) for path in config]
    studies *= len(microstructure) // len(studies)
    for study, grains, path in zip(studies, microstructure, output, strict=True):
        simulate_reference(study, grains, path, parameters=parameters, constants=constants)
