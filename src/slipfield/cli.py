"""The command-line verbs that the workflow's rules call: argument handling and nothing else.

Every verb imports its room when it runs, so that no process loads both DOLFINx and PyTorch.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from slipfield import __version__, ranks
from slipfield.baselines.verbs import app as baselines_app
from slipfield.errors import SlipfieldError
from slipfield.inversion.verbs import app as import_app
from slipfield.learning.verbs import app as learning_app
from slipfield.projection.verbs import app as projection_app
from slipfield.scaleout.verbs import app as scaleout_app
from slipfield.study import PARAMETERS, load_study

app = typer.Typer(
    name="slipfield",
    help="Slip-law parameters of gradient-grained metals from measured strain fields.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(import_app, name="import")
app.add_typer(projection_app, name="projection")
app.add_typer(scaleout_app)
app.add_typer(learning_app)
app.add_typer(baselines_app)

Config = Annotated[Path, typer.Option(help="Study file (YAML).")]
Output = Annotated[Path, typer.Option(help="File or folder to write.")]
Dataset = Annotated[Path, typer.Option(help="Folder that `gather` wrote.")]
Model = Annotated[
    str | None,
    typer.Option(help="Inverter: projection, equilibrium or cnn_lstm; default learning.model."),
]


Results = Annotated[
    Path | None, typer.Option(help="Folder of the study's files [default: results/<name>].")
]


def parse_rows(text: str) -> tuple[int, int]:
    """Turn 'A:B' into (A, B), half open.

    Raises
    ------
    SlipfieldError
        If the text is not two integers with 0 <= A < B.
    """
    first, _, last = text.partition(":")
    if not (text.isascii() and first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise SlipfieldError(
            f"rows: given {text!r}; expected A:B with 0 <= A < B, for example 0:20"
        )
    return int(first), int(last)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False):
    """Show the version if asked."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def schema(output: Output):
    """Write the JSON schema of the study file."""
    import json

    from slipfield.files import write_text
    from slipfield.study import schema as study_schema

    write_text(output, json.dumps(study_schema(), indent=2, sort_keys=True) + "\n")


@app.command()
def check(config: Config):
    """Check a study file."""
    study = load_study(config)
    typer.echo(f"{config}: study {study.name!r} is valid")


@app.command()
def microstructure(
    config: Config,
    index: Annotated[int, typer.Option(help="Index of the grain map, from 0.")],
    output: Output,
):
    """Make one gradient-grained microstructure (NetCDF)."""
    from slipfield.files import write_netcdf
    from slipfield.specimen.microstructure import make_microstructure

    study = load_study(config)
    write_netcdf(make_microstructure(study, index), output, study)


@app.command()
def design(config: Config, output: Output):
    """Sample (k1, k2, k3) by a maximin Latin hypercube (CSV)."""
    from slipfield.sampling import make_design, write_design

    study = load_study(config)
    write_design(make_design(study), study, output)


@app.command()
def warmup(config: Config):
    """Compile the kernels once, before jobs fan out."""
    from slipfield.crystal.build import SOURCES, kernel_library

    load_study(config)
    for name in SOURCES:
        typer.echo(f"{name}: {kernel_library(name)}")


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
    expected: Annotated[
        int | None,
        typer.Option(
            "--ranks",
            min=1,
            envvar="SLIPFIELD_RANKS",
            help="Refuse to run on another number of ranks.",
        ),
    ] = None,
):
    """Simulate a batch of samples on one microstructure (a shard)."""
    from slipfield.fem.batch import simulate_batch

    study = load_study(config)
    if expected:
        ranks.expect(expected)
    chosen = parse_rows(rows)
    simulate_batch(study, microstructure, samples, chosen, output, fields=fields)


@app.command()
def reference(
    config: Config,
    microstructure: Annotated[Path, typer.Option(help="Grain map (NetCDF).")],
    output: Output,
    parameters: Annotated[
        tuple[float, float, float] | None,
        typer.Option(help="k1, k2, k3 instead of the centre of the sampling box."),
    ] = None,
):
    """Simulate the centre of the sampling box, or a given point, with sensitivities to ln k."""
    from slipfield.fem.batch import simulate_reference

    simulate_reference(load_study(config), microstructure, output, parameters=parameters)


@app.command()
def point(
    config: Config,
    euler: Annotated[tuple[float, float, float], typer.Option(help="Bunge angles, rad.")],
    size: Annotated[float, typer.Option(help="Grain size D, mm.")],
    parameters: Annotated[
        tuple[float, float, float],
        typer.Option(help="k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5)."),
    ],
    path: Annotated[Path, typer.Option(help="CSV with time,F11,F12,F21,F22.")],
    output: Output,
    max_step: Annotated[float | None, typer.Option(help="Largest internal step, s.")] = None,
):
    """Drive one material point through a deformation path."""
    from slipfield.crystal.driver import run_point_file

    run_point_file(load_study(config), euler, size, parameters, path, output, max_step)


@app.command()
def validate(files: Annotated[list[Path], typer.Argument(help="NetCDF files of ours.")]):
    """Check files against the file contract; name each violation."""
    from slipfield.dataset.contract import violations

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
):
    """Check all shards and write the dataset's manifest and statistics."""
    from slipfield.dataset.manifest import gather as gather_files
    from slipfield.dataset.manifest import netcdf_files, planned_shards, summary

    study = load_study(config)
    one_folder = len(shards) == 1 and shards[0].is_dir()
    found = planned_shards(study, shards[0]) if one_folder else netcdf_files(shards)
    maps, runs = netcdf_files(microstructures), netcdf_files(references or [])
    typer.echo(summary(gather_files(study, found, maps, runs, samples, output)))


@app.command()
def train(
    config: Config,
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Folder of the model.")],
    model: Model = None,
    tensorboard: Annotated[bool, typer.Option(help="Write TensorBoard's events too.")] = False,
):
    """Train an inverter and score it on the samples held out."""
    from slipfield.learning.run import train_model
    from slipfield.learning.tables import print_coverage, print_scores

    metrics = train_model(load_study(config), dataset, output, model, tensorboard)
    print_scores(metrics["test"], metrics["mean_predictor"], metrics["samples"]["test"])
    print_coverage(metrics["coverage"])


@app.command()
def crossval(
    config: Config,
    dataset: Dataset,
    output: Annotated[Path, typer.Option(help="Scores of the folds (JSON).")],
    folds: Annotated[
        str | None, typer.Option(help="Folds A:B of folds x repeats, half open; default all.")
    ] = None,
    model: Model = None,
    grouping: Annotated[
        str | None,
        typer.Option(help="Folds by: random or microstructure; default crossval.grouping."),
    ] = None,
):
    """Cross-validate an inverter: train and score some of the folds."""
    from slipfield.learning.crossval import fold_count, run_folds

    study = load_study(config)
    first, last = parse_rows(folds or f"0:{fold_count(study)}")
    name = model or study.learning.model
    run_folds(study, dataset, name, first, last, output, grouping)


@app.command()
def crossval_summary(
    files: Annotated[list[Path], typer.Argument(help="Files that `crossval` wrote.")],
    output: Annotated[Path, typer.Option(help="Table (CSV); the same as JSON beside it.")],
):
    """Summarise cross-validation: mean, deviation and intervals of each metric."""
    from slipfield.learning.crossval import summarise
    from slipfield.learning.tables import print_summary

    print_summary(summarise(files, output))


@app.command()
def evaluate(
    model: Annotated[Path, typer.Option(help="Folder of the model.")],
    shards: Annotated[list[Path], typer.Option(help="Shard, or folder of shards.")],
    more: Annotated[list[Path] | None, typer.Argument(help="Further shards.")] = None,
    microstructures: Annotated[
        list[Path] | None,
        typer.Option(help="Grain maps or their folder; default ../microstructures of the shards."),
    ] = None,
    references: Annotated[
        list[Path] | None,
        typer.Option(help="Reference runs or their folder; default ../references of the shards."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Scores (JSON).")] = None,
):
    """Score a trained inverter on any shards."""
    from slipfield.learning.run import evaluate_files
    from slipfield.learning.tables import print_coverage, print_scores

    found = evaluate_files(model, [*shards, *(more or [])], microstructures, references, output)
    print_scores(found["scores"], found["mean_predictor"], found["samples"])
    print_coverage(found["coverage"])
    if not found["same_physics"]:
        typer.echo("note: these shards were made under other physics than the training data")


@app.command()
def figure(
    name: Annotated[str, typer.Argument(help="Name of the figure, for example strain.")],
    config: Config,
    output: Annotated[Path, typer.Option(help="Picture to write: .png, .svg or .pdf.")],
    results: Results = None,
):
    """Draw one figure from the files of a study."""
    from slipfield.figures.catalogue import write_figure
    from slipfield.figures.sources import Results as Files

    study = load_study(config)
    write_figure(name, Files(study, results or Path("results") / study.name), output)


@app.command()
def report(
    config: Config,
    output: Annotated[Path, typer.Option(help="HTML file to write.")],
    results: Results = None,
):
    """Write the report of a study: one self-contained HTML file."""
    from slipfield.figures.report import write_report
    from slipfield.figures.sources import Results as Files

    study = load_study(config)
    write_report(Files(study, results or Path("results") / study.name), output)


@app.command()
def verify(
    output: Annotated[Path, typer.Option(help="Folder of the results (JSON).")] = Path(
        "results/verification"
    ),
    only: Annotated[
        list[str] | None, typer.Option(help="Chapters to run, for example point_law; default all.")
    ] = None,
):
    """Compare the solver with known solutions; exit code 1 when a check fails."""
    from slipfield.verification.run import run_verification

    if not run_verification(output, only):
        raise typer.Exit(1)


@app.command()
def verify_report(
    results: Annotated[Path, typer.Option(help="Folder that `verify` wrote.")] = Path(
        "results/verification"
    ),
    output: Annotated[Path, typer.Option(help="Folder of verification.md.")] = Path("docs"),
):
    """Write the verification page and its figures from the results of `verify`."""
    from slipfield.verification.report import write_report

    write_report(results, output)


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
):
    """Measure what samples and training steps cost; print a table and write it as JSON."""
    from slipfield.bench.run import DEFAULT, LARGE, run_bench

    run_bench(LARGE if large else DEFAULT, output, only)


@app.command()
def bench_solver(
    measurement: Annotated[str, typer.Argument(help="batch or variants.")],
    config: Config,
    microstructure: Annotated[Path, typer.Option(help="Grain map (NetCDF).")],
    output: Annotated[Path, typer.Option(help="Result (JSON).")],
    repeats: Annotated[int, typer.Option(min=1, help="Samples of each kind.")] = 3,
):
    """Take one measurement of the solver: one batch by phase, or variants of the solver."""
    from slipfield.bench.solver import measure

    measure(measurement, load_study(config), microstructure, repeats, output)


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
):
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
):
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
):
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
):
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


def main() -> None:
    """Run the command line; a user's error is one line on stderr and exit code 2."""
    try:
        app()
    except Exception as error:
        if ranks.several():
            ranks.end_all(error)
        if not isinstance(error, SlipfieldError):
            raise
        print(f"slipfield: error: {error}", file=sys.stderr)
        sys.exit(2)
