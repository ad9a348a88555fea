"""The verbs of composites: argument handling and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from slipfield.core.options import Config, Output
from slipfield.kinds.composite.defaults import DEGREE

app = typer.Typer(help="Unidirectional composites: effective stiffness and designs that hold.")

Array = Annotated[str, typer.Option(help="Fibre array: square or hexagonal.")]
Void = Annotated[bool, typer.Option("--void", help="Holes instead of fibres.")]
Degree = Annotated[int, typer.Option(min=1, max=12, help="Polynomial degree of the cell.")]


SEVERAL = {"--target": 3, "--bounds": 3, "--tolerance": 2}
"""Repeatable options of several words, which Typer cannot declare: they reach it as one."""


class SeveralWords(TyperCommand):
    """A command with options of several words."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the words that follow such an option, up to their number or the next option."""
        words, joined = list(args), []
        while words:
            joined.append(words.pop(0))
            if count := SEVERAL.get(joined[-1]):
                values: list[str] = []
                while words and len(values) < count and not words[0].startswith("--"):
                    values.append(words.pop(0))
                joined.append(" ".join(values))
        return super().parse_args(ctx, joined)


@app.command()
def stiffness(
    em: Annotated[float, typer.Option(help="Young's modulus of the matrix, GPa.")],
    num: Annotated[float, typer.Option(help="Poisson's ratio of the matrix, 1.")],
    fraction: Annotated[float, typer.Option(help="Fibre fraction, 1.")],
    ef: Annotated[float | None, typer.Option(help="Young's modulus of the fibre, GPa.")] = None,
    nuf: Annotated[float | None, typer.Option(help="Poisson's ratio of the fibre, 1.")] = None,
    array: Array = "square",
    void: Void = False,
    degree: Degree = DEGREE,
    gradient: Annotated[bool, typer.Option("--gradient", help="Derivatives too.")] = False,
) -> None:
    """Print the effective constants of a composite as one JSON object, GPa."""
    from slipfield.kinds.composite.answers import stiffness_text

    typer.echo(stiffness_text((em, num, ef, nuf, fraction), array, void, degree, gradient))


@app.command(cls=SeveralWords)
def design(
    output: Output,
    target: Annotated[
        list[str] | None, typer.Option(help="Constant, lower and upper bound (GPa); repeatable.")
    ] = None,
    bounds: Annotated[
        list[str] | None,
        typer.Option(help="Parameter, lowest and highest value (one number twice: it is given)."),
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(help="Parameter and its tolerance, as 0.25 or 5%, for a box of these widths."),
    ] = None,
    array: Array = "square",
    void: Void = False,
    degree: Degree = DEGREE,
    front: Annotated[bool, typer.Option("--front", help="Write the Pareto front too.")] = False,
    draws: Annotated[int, typer.Option(min=0, help="Materials drawn from each box, 1.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of snapshots, starts and draws, 1.")] = 0,
) -> None:
    """Find boxes of phase properties that keep bounds of effective constants; all re-checked."""
    from slipfield.kinds.composite.answers import FRONT_WIDTH, run_design
    from slipfield.kinds.composite.question import Question

    words = [[given.split() for given in option or []] for option in (target, bounds, tolerance)]
    question = Question.parse(words[0], words[1], words[2], array, seed, void, degree)
    for line in run_design(question, output, FRONT_WIDTH if front else None, draws):
        typer.echo(line)


Cells = Annotated[Path, typer.Option(help="File that `composite cells` wrote.")]
Boxes = Annotated[Path, typer.Option(help="Folder that `composite boxes` wrote.")]


@app.command()
def samples(config: Config, output: Output) -> None:
    """Write the design of experiments of a study: the cells to solve (CSV)."""
    from slipfield.core.recorded import witnessed
    from slipfield.kinds.composite.samples import write_samples
    from slipfield.kinds.composite.study import load_study

    study = load_study(config)
    with witnessed(study, output.with_suffix(".json"), output):
        typer.echo(f"{write_samples(study, output)} samples in {output}")


@app.command()
def cells(
    config: Config,
    samples: Annotated[Path, typer.Option(help="Table that `composite samples` wrote.")],
    output: Output,
) -> None:
    """Solve the cells of a study: constants and gradients (NetCDF)."""
    from slipfield.kinds.composite.samples import solve_samples
    from slipfield.kinds.composite.study import load_study

    typer.echo(f"{solve_samples(load_study(config), samples, output)} cells in {output}")


@app.command()
def fields(config: Config, output: Output) -> None:
    """Write the stress fields of the cell at the centre of the bounds (NetCDF)."""
    from slipfield.kinds.composite.fields import write_fields
    from slipfield.kinds.composite.study import load_study

    write_fields(load_study(config), output)


@app.command()
def surrogate(config: Config, cells: Cells, output: Output) -> None:
    """Compare reduced bases of several sizes on Sobol points and all corners (CSV)."""
    from slipfield.core.recorded import witnessed
    from slipfield.kinds.composite.comparison import compare_reduced
    from slipfield.kinds.composite.study import load_study

    study = load_study(config)
    with witnessed(study, output.with_suffix(".json"), output):
        for line in compare_reduced(study, cells, output):
            typer.echo(line)


@app.command()
def boxes(config: Config, output: Output) -> None:
    """Find the boxes and the front of a study, all re-checked by the cell."""
    from slipfield.kinds.composite.answers import run_design
    from slipfield.kinds.composite.question import question_of
    from slipfield.kinds.composite.study import load_study

    study = load_study(config)
    settings, solves = study.design, study.surrogate.solves
    question, width, draws = question_of(study), settings.front_width, settings.draws
    for line in run_design(question, output, width, draws, solves, study):
        typer.echo(line)


@app.command()
def paper(config: Config, cells: Cells, output: Output) -> None:
    """Write the published tables beside the exact cell's, and the re-check of all designs."""
    from slipfield.core.recorded import witnessed
    from slipfield.kinds.composite.paper import BOUNDS
    from slipfield.kinds.composite.rechecked import Workbench
    from slipfield.kinds.composite.stale import results_of
    from slipfield.kinds.composite.study import load_study
    from slipfield.kinds.composite.tables import write_recheck, write_surface

    study = load_study(config)
    bench = Workbench.prepare(BOUNDS, solves=study.surrogate.solves)
    with witnessed(study, output / "study.json", *results_of("tables", output)):
        rechecked = write_recheck(bench.reduced, bench.exact, output)
        for line in [*write_surface(cells, output), *rechecked]:
            typer.echo(line)


@app.command()
def baselines(config: Config, cells: Cells, boxes: Boxes, output: Output) -> None:
    """Fit simpler surrogates, and run NSGA-II for the published study; write their tables."""
    from slipfield.core.recorded import witnessed
    from slipfield.kinds.composite.baselines import compare_evolution, compare_fitted
    from slipfield.kinds.composite.stale import results_of
    from slipfield.kinds.composite.study import load_study

    study = load_study(config)
    made = results_of("baselines", output) if study.is_published else [output / "fitted.csv"]
    with witnessed(study, output / "study.json", *made):
        compare_fitted(study, cells, output / "fitted.csv")
        if study.is_published:
            for line in compare_evolution(study, boxes, output):
                typer.echo(line)


@app.command()
def report(config: Config, results: Annotated[Path, typer.Option()], output: Output) -> None:
    """Write the report of a study of composites: one HTML file."""
    from slipfield.kinds.composite.report import write_report
    from slipfield.kinds.composite.study import load_study

    write_report(load_study(config), results, output)


@app.command()
def verify(
    output: Annotated[Path, typer.Option(help="Folder of the results (JSON).")] = Path(
        "results/verification"
    ),
) -> None:
    """Compare the cell with independent solutions; exit code 1 when a check fails."""
    from slipfield.kinds.composite.verification import chapter
    from slipfield.kinds.slip.verification.result import write_chapter
    from slipfield.kinds.slip.verification.run import print_checks

    found = chapter()
    write_chapter(found, output)
    print_checks([found])
    if not found.passed:
        raise typer.Exit(1)


@app.command()
def bench(
    output: Annotated[Path, typer.Option(help="File of the rows (JSON).")] = Path(
        "results/composite-bench.json"
    ),
) -> None:
    """Measure what cell, surrogate and designs reach; exit code 1 when a target is missed."""
    from slipfield.kinds.composite.bench import run_bench

    lines, kept = run_bench(output)
    for line in lines:
        typer.echo(line)
    if not kept:
        raise typer.Exit(1)
