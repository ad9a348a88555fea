"""The verbs `invert`, `export`, `unseen` and `bench-inversion`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.options import Config
from slipfield.study import PARAMETERS, load_study

app = typer.Typer()


@app.command()
def invert(
    specimen: Annotated[Path, typer.Argument(help="Specimen file that `import` made.")],
    model: Annotated[list[Path], typer.Option(help="Folder of a trained inverter; repeatable.")],
    output: Annotated[Path, typer.Option(help="Folder of the result; must not hold one yet.")],
    refine: Annotated[
        int, typer.Option(min=0, help="Forward runs that a refinement may take.")
    ] = 0,
    start: Annotated[
        str, typer.Option(help="Refine from: prediction, or centre (of the sampling box).")
    ] = "prediction",
    cells: Annotated[
        tuple[int, int] | None,
        typer.Option(help="Elements along x and y; default: those of the model."),
    ] = None,
    draws: Annotated[
        int, typer.Option(help="Draws of the orientations where the specimen has none.")
    ] = 3,
    finer: Annotated[
        bool,
        typer.Option(help="Refine on a mesh twice as fine where more than the noise is left."),
    ] = True,
    known: Annotated[
        Path | None, typer.Option(help="True parameters, if simulated (truth.json of `export`).")
    ] = None,
) -> None:
    """Find k1, k2 and k3 of a measured specimen; write inversion.json and report.html."""
    from slipfield.inversion.outcome import table_lines
    from slipfield.inversion.run import invert as invert_specimen

    found = invert_specimen(specimen, model, output, refine, cells, start, draws, finer, known)
    for line in (*table_lines(found), *found.notes, *found.warnings):
        typer.echo(line)
    typer.echo(f"report: {output / 'report.html'}")


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
    from slipfield.inversion.export import Instruments
    from slipfield.inversion.export import export_sample as write_files

    instruments = Instruments(step, pixel, strain_noise, load_noise, seed)
    write_files(shard, sample, microstructure, instruments, output)


@app.command()
def unseen(
    config: Config,
    output: Annotated[Path, typer.Option(help="Folder of study.yaml and samples.csv.")],
    seed: Annotated[int, typer.Option(help="Seed of the parameters.")] = 1,
) -> None:
    """Plan a specimen that a study has not seen: fresh microstructure, random parameters."""
    from slipfield.inversion.unseen import write_unseen

    index = write_unseen(load_study(config), seed, output)
    typer.echo(f"{output}: sample 0 on microstructure {index}")


@app.command()
def bench_inversion(
    model: Annotated[Path, typer.Option(help="Folder of a projection inverter.")],
    output: Annotated[Path, typer.Option(help="Folder of the result; continued if it is there.")],
    specimens: Annotated[int, typer.Option(min=1, help="Unseen specimens.")] = 10,
    strain_noise: Annotated[
        float, typer.Option(min=0, max=0.1, help="Standard deviation of strain.")
    ] = 5e-4,
    cells: Annotated[
        int | None, typer.Option(help="Elements along each side; default: those of the model.")
    ] = None,
    measured_cells: Annotated[
        int | None, typer.Option(help="Those of the specimens; default: those of the inversion.")
    ] = None,
    solves: Annotated[int, typer.Option(min=1, help="Most forward runs of a refinement.")] = 12,
    network: Annotated[Path | None, typer.Option(help="Folder of a network, to be timed.")] = None,
) -> None:
    """Invert unseen specimens: runs, errors, coverage and seconds by projection and refinement."""
    from slipfield.inversion.bench import Plan, noise_levels
    from slipfield.inversion.bench import bench_inversion as measure

    noises = noise_levels(strain_noise)[1 if measured_cells else 0 :]
    plan = Plan(specimens, noises, cells, measured_cells, solves)
    for row in measure(model, output, plan, network):
        errors = ", ".join(f"{row[f'{name}_median_percent']:.2g} %" for name in PARAMETERS)
        typer.echo(
            f"strain noise {row['strain_noise']:g}, {row['estimate']}: {row['median_runs']:g} runs "
            f"(at most {row['most_runs']}), median errors {errors}"
        )
