"""The verb `microstructure`: argument handling and nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from slipfield.core.options import Config, Output
from slipfield.kinds.slip.study import load_study

app = typer.Typer()


@app.command()
def microstructure(
    config: Config,
    index: Annotated[int, typer.Option(help="Index of the grain map, from 0.")],
    output: Output,
) -> None:
    """Make one gradient-grained microstructure (NetCDF)."""
    from slipfield.core.files import write_netcdf
    from slipfield.kinds.slip.specimen.microstructure import make_microstructure

    study = load_study(config)
    write_netcdf(make_microstructure(study, index), output, study)
