"""The verbs `microstructure` and `design`: argument handling and nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from slipfield.core.options import Config, Output

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
    from slipfield.kinds.slip.study import load_study

    study = load_study(config)
    write_netcdf(make_microstructure(study, index), output, study)


@app.command()
def design(config: Config, output: Output) -> None:
    """Sample (k1, k2, k3) by a maximin Latin hypercube (CSV)."""
    from slipfield.kinds.slip.design import make_design, write_design
    from slipfield.kinds.slip.study import load_study

    study = load_study(config)
    write_design(make_design(study), study, output)
