"""The verbs `study design`, `simulate`, `gather`, `crossval` and `report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.kind import Kind, load, load_any_study
from slipfield.core.options import Config, Output, parse_rows
from slipfield.spine.study import SpineStudy

app = typer.Typer(help="Stages of a study that maps inputs to outputs.", no_args_is_help=True)

Dataset = Annotated[Path, typer.Option(help="Dataset that `study gather` wrote.")]


def _opened(config: Path) -> tuple[SpineStudy, Kind]:
    """Study and kind.

    Raises
    ------
    SlipfieldError
        If the kind has stages of its own.
    """
    from slipfield.core.errors import SlipfieldError

    study, kind = load_any_study(config)
    if not isinstance(study, SpineStudy):
        raise SlipfieldError(f"{config}: kind {kind.name!r} has verbs of its own: see --help")
    return study, kind


@app.command()
def design(config: Config, output: Output) -> None:
    """Write the inputs to simulate (CSV)."""
    from slipfield.spine.design import write_design

    study, kind = _opened(config)
    write_design(load(kind.design)(study), output)


@app.command()
def simulate(
    config: Config,
    samples: Annotated[Path, typer.Option(help="Inputs that `study design` wrote.")],
    output: Output,
    rows: Annotated[str, typer.Option(help="Rows A:B of them, half open.")],
) -> None:
    """Simulate some samples (NetCDF); one that fails is kept with its reason."""
    from slipfield.core.files import write_netcdf
    from slipfield.spine.design import read_design
    from slipfield.spine.outputs import simulate_rows

    study, kind = _opened(config)
    first, last = parse_rows(rows)
    plan = load(kind.design)(study)
    table = read_design(samples, plan).iloc[first:last]
    found = simulate_rows(study, plan, table, load(kind.outputs), load(kind.simulate))
    write_netcdf(found, output, study)


@app.command()
def gather(
    config: Config,
    shards: Annotated[list[Path], typer.Argument(help="Files that `study simulate` wrote.")],
    output: Output,
) -> None:
    """Join the shards into one dataset (NetCDF)."""
    from slipfield.spine.outputs import gather as join

    study, kind = _opened(config)
    join(study, shards, len(load(kind.design)(study).rows), output)


@app.command()
def crossval(
    config: Config,
    dataset: Dataset,
    model: Annotated[str, typer.Option(help="Estimator of the kind.")],
    output: Output,
) -> None:
    """Cross-validate an estimator: scores and intervals (JSON), predictions (CSV)."""
    from slipfield.spine.crossval import cross_validate
    from slipfield.spine.samples import Samples

    study, kind = _opened(config)
    samples = Samples.read(dataset, load(kind.design)(study), load(kind.outputs))
    cross_validate(study, kind, model, samples, output)


@app.command()
def report(
    config: Config,
    folder: Annotated[Path, typer.Option(help="Folder of the study's results.")],
    output: Output,
) -> None:
    """Write the study's report (HTML)."""
    from slipfield.spine.report import write_report

    study, kind = _opened(config)
    write_report(study, kind, folder, output)
