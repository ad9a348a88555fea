"""The verbs `export` and `unseen`; those of `import` are in `import_verbs.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config

app = typer.Typer()


@app.command(name="export")
def export_sample(
    shard: Annotated[Path, typer.Option(help="Shard that holds the sample.")],
    sample: Annotated[int, typer.Option(help="Number of the sample in the design.")],
    microstructure: Annotated[Path, typer.Option(help="Its grain map (NetCDF).")],
    output: Annotated[Path, typer.Option(help="Folder of the measurement files.")],
    step: Annotated[float, typer.Option(help="Distance of the strain maps' points, mm.")],
    pixel: Annotated[float, typer.Option(help="Step of the orientation map, mm.")],
    strain_noise: Annotated[float, typer.Option(help="Standard deviation of strain.")] = 5e-4,
    load_noise: Annotated[float, typer.Option(help="Relative one of the load.")] = 5e-3,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 1,
) -> None:
    """Write a simulated sample as a laboratory would have it: VIC-2D maps, .ctf, load curve."""
    from slipfield.kinds.slip.measure.laboratory import Instruments
    from slipfield.kinds.slip.measure.laboratory import export_sample as write_files

    instruments = Instruments(step, pixel, strain_noise, load_noise, seed)
    write_files(shard, sample, microstructure, instruments, output)


@app.command()
def unseen(
    config: Config,
    output: Annotated[Path, typer.Option(help="Folder of study.yaml and samples.csv.")],
    seed: Annotated[int, typer.Option(help="Seed of the parameters.")] = 1,
) -> None:
    """Plan a specimen that a study has not seen: fresh microstructure, random parameters."""
    from slipfield.kinds.slip.measure.unseen import write_unseen
    from slipfield.kinds.slip.study import load_study

    index = write_unseen(load_study(config), seed, output)
    typer.echo(f"{output}: sample 0 on microstructure {index}")
