"""The verbs `microstructure` and `design`: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config, Output, check_outputs

app = typer.Typer()


@app.command()
def microstructure(
    config: Config,
    index: Annotated[
        list[int],
        typer.Option(help="Index of the grain map, from 0; repeatable, each with its --output."),
    ],
    output: Annotated[list[Path], typer.Option(help="File to write; repeatable.")],
) -> None:
    """Make gradient-grained microstructures (NetCDF)."""
    from slipfield.core.files import write_netcdf
    from slipfield.kinds.slip.specimen.microstructure import make_microstructure
    from slipfield.kinds.slip.study import load_study

    check_outputs(output, len(index), "grain maps")
    study = load_study(config)
    for number, path in zip(index, output, strict=True):
        write_netcdf(make_microstructure(study, number), path, study)


@app.command()
def design(config: Config, output: Output) -> None:
    """Sample (k1, k2, k3) by a maximin Latin hypercube (CSV)."""
    from slipfield.kinds.slip.design import make_design, write_design
    from slipfield.kinds.slip.study import load_study

    study = load_study(config)
    write_design(make_design(study), study, output)
