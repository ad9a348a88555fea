"""The verbs `bench`, `bench-solver` and its like, and `slice`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.numbers import short
from slipfield.core.options import Config

app = typer.Typer()


@app.command()
def bench(
    output: Annotated[Path, typer.Option(help="Results (JSON).")] = Path(
        "results/bench/bench.json"
    ),
    large: Annotated[
        bool, typer.Option(help="Also 400 x 400 elements, and CalculiX on 100 x 100.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Parts to measure: solver, builds, cores, peer, learning; default all."),
    ] = None,
) -> None:
    """Measure what samples and training steps cost; print a table and write it as JSON."""
    from slipfield.kinds.slip.bench.run import DEFAULT, LARGE, run_bench

    run_bench(LARGE if large else DEFAULT, output, only)


@app.command()
def bench_solver(
    measurement: Annotated[str, typer.Argument(help="batch or variants.")],
    config: Config,
    microstructure: Annotated[Path, typer.Option(help="Grain map (NetCDF).")],
    output: Annotated[Path, typer.Option(help="Result (JSON).")],
    repeats: Annotated[int, typer.Option(min=1, help="Samples of each kind.")] = 3,
) -> None:
    """Take one measurement of the solver: one batch by phase, or variants of the solver."""
    from slipfield.kinds.slip.bench.solver import measure
    from slipfield.kinds.slip.study import load_study

    measure(measurement, load_study(config), microstructure, repeats, output)


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
    from slipfield.kinds.slip.bench.inversion import Plan, noise_levels
    from slipfield.kinds.slip.bench.inversion import bench_inversion as measure
    from slipfield.kinds.slip.study import PARAMETERS

    noises = noise_levels(strain_noise)[1 if measured_cells else 0 :]
    plan = Plan(specimens, noises, cells, measured_cells, solves)
    for row in measure(model, output, plan, network):
        errors = ", ".join(f"{short(row[f'{name}_median_percent'])} %" for name in PARAMETERS)
        typer.echo(
            f"strain noise {row['strain_noise']:g}, {row['estimate']}: {row['median_runs']:g} runs "
            f"(at most {row['most_runs']}), median errors {errors}"
        )


@app.command()
def bench_mistakes(
    model: Annotated[Path, typer.Option(help="Folder of a projection inverter.")],
    output: Annotated[Path, typer.Option(help="Folder of the result; continued if it is there.")],
    specimens: Annotated[int, typer.Option(min=1, help="Unseen specimens.")] = 3,
    cells: Annotated[
        int | None, typer.Option(help="Elements of the specimens; default: those of the model.")
    ] = None,
) -> None:
    """Import and invert specimens with the mistakes that users make; say which were named."""
    from slipfield.kinds.slip.bench.mistakes import bench_mistakes as measure

    rows = measure(model, output, specimens, cells)
    for row in rows:
        mark = "named" if row["named"] else "NOT NAMED"
        typer.echo(f"{row['specimen']} {row['mistake']}: {mark} ({row['stage']}): {row['text']}")
    wrong = [row for row in rows if row["mistake"] != "none"]
    typer.echo(f"{sum(row['named'] for row in wrong)} of {len(wrong)} mistakes named")


@app.command()
def bench_frames(
    model: Annotated[Path, typer.Option(help="Folder of a projection inverter.")],
    output: Annotated[Path, typer.Option(help="Folder of the result; continued if it is there.")],
    cells: Annotated[
        int | None, typer.Option(help="Elements of the specimen; default: those of the model.")
    ] = None,
) -> None:
    """Invert one specimen by frames at several sets of times; say whether the answers agree."""
    from slipfield.kinds.slip.bench.frames import bench_frames as measure
    from slipfield.kinds.slip.study import PARAMETERS

    for row in measure(model, output, cells):
        values = ", ".join(
            f"{name} {row[name]:.4g} ({row[f'{name}_low']:.4g} to {row[f'{name}_high']:.4g}; "
            f"{row[f'{name}_true']:.4g})"
            for name in PARAMETERS
        )
        typer.echo(f"{row['frames']}, {row['used']} of {row['count']} frames: {values}")


@app.command()
def bench_imports(
    output: Annotated[Path, typer.Option(help="Result (CSV, and JSON beside it).")],
    repeats: Annotated[int, typer.Option(min=1, help="Imports of each kind.")] = 3,
    beside: Annotated[
        Path | None, typer.Option(help="Another checkout, measured in turn with this one.")
    ] = None,
) -> None:
    """Measure CPU seconds of importing 20 strain maps of 35,000 points and 160,000 pixels."""
    from slipfield.kinds.slip.bench.imports import bench_imports as measure

    for row in measure(output, repeats, beside):
        against = f", {row['ratio']:.2f} times the other's" if "ratio" in row else ""
        typer.echo(f"{row['import']}: {row['cpu_s']:.2f} CPU s{against}")


@app.command()
def bench_thickness(
    model: Annotated[Path, typer.Option(help="Folder of a projection inverter.")],
    output: Annotated[Path, typer.Option(help="Folder of the result; continued if it is there.")],
    ratios: Annotated[
        list[float] | None, typer.Option(help="t/d of the sheets; default: 0.2, 0.6, 1.1, 2.2.")
    ] = None,
    maps: Annotated[int, typer.Option(min=1, help="Grain maps, each with every t/d.")] = 6,
    sheets: Annotated[int, typer.Option(help="Subsurface sheets, 0 for none.")] = 8,
) -> None:
    """Invert unseen sheets in three dimensions: as membranes, with M, with subsurface sheets."""
    from slipfield.kinds.slip.bench.thickness import RATIOS, Plan
    from slipfield.kinds.slip.bench.thickness import bench_thickness as measure
    from slipfield.kinds.slip.study import PARAMETERS

    for row in measure(model, output, Plan(tuple(ratios or RATIOS), maps, sheets=sheets)):
        errors = ", ".join(
            f"{name} {short(row[f'{name}_median_error_percent'])} % "
            f"(+-{short(row[f'{name}_half_width_percent'])} %, {row[f'{name}_held']} held)"
            for name in PARAMETERS
        )
        typer.echo(f"t/d {row['t_over_d']}, {row['way']}, {row['sheets']} sheets: {errors}")


@app.command(name="slice")
def run_slice(
    config: Config,
    output: Annotated[Path, typer.Option(help="Unit costs (JSON).")],
    folder: Annotated[Path, typer.Option(help="Folder of the slice's files.")] = Path(
        "results/slice"
    ),
) -> None:
    """Run eight samples of a study and train on them: what one sample costs."""
    from slipfield.kinds.slip.bench.slice import run_slice as measure
    from slipfield.kinds.slip.bench.slice import summary_lines
    from slipfield.kinds.slip.study import load_study

    for line in summary_lines(measure(load_study(config), folder, output, typer.echo)):
        typer.echo(line)
