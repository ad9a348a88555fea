"""The verbs `validate` and `gather`: argument handling and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config

app = typer.Typer()


@app.command()
def validate(files: Annotated[list[Path], typer.Argument(help="NetCDF files of ours.")]) -> None:
    """Check files against the file contract; name each violation."""
    from slipfield.kinds.slip.dataset.contract import violations

    found = [f"{path}: {text}" for path in files for text in violations(path)]
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{len(files)} file(s) valid")


@app.command()
def gather(
    config: Config,
    shards: Annotated[list[Path], typer.Option(help="Folder of the shards, or files.")],
    microstructures: Annotated[
        list[Path], typer.Option(help="Folder of the grain maps, or files.")
    ],
    samples: Annotated[Path, typer.Option(help="Design of experiments (CSV).")],
    output: Annotated[Path, typer.Option(help="Folder of the dataset.")],
    references: Annotated[
        list[Path] | None, typer.Option(help="Folder of the reference runs, or files.")
    ] = None,
) -> None:
    """Check all shards and write the dataset's manifest."""
    from slipfield.kinds.slip.dataset.manifest import gather as gather_files
    from slipfield.kinds.slip.dataset.manifest import (
        netcdf_files,
        planned_maps,
        planned_shards,
        summary,
    )
    from slipfield.kinds.slip.study import Study, load_study

    study = load_study(config)

    def files(paths: list[Path], planned: Callable[[Study, Path], list[Path]]) -> list[Path]:
        """Take what the study plans of a folder, so that what else is in it does no harm."""
        one_folder = len(paths) == 1 and paths[0].is_dir()
        return planned(study, paths[0]) if one_folder else netcdf_files(paths)

    maps, runs = files(microstructures, planned_maps), files(references or [], planned_maps)
    found = files(shards, planned_shards)
    typer.echo(summary(gather_files(study, found, maps, runs, samples, output)))
