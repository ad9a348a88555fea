"""The verbs `search ask`, `tell`, `evaluate`, `compare`, `join`, `report` and `bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.options import Config, Output, parse_rows

app = typer.Typer(
    help="Design by search: ask for trials, tell what came out.", no_args_is_help=True
)

Told = Annotated[
    list[Path] | None, typer.Option(help="Table of told trials (CSV); repeatable; none yet: none.")
]


@app.command()
def ask(
    config: Config,
    output: Output,
    told: Told = None,
    round_number: Annotated[
        int | None,
        typer.Option("--round", min=0, help="Round of the study; default: the next trials."),
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Trials; default: as the study says.")
    ] = None,
) -> None:
    """Write the trials to do next (CSV), with empty columns to fill in."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.core.progress import say
    from slipfield.kinds.search.rounds import ask, ask_round
    from slipfield.kinds.search.stale import recorded
    from slipfield.kinds.search.study import load_study
    from slipfield.kinds.search.trials import read_told, refuse_untold, write_trials

    study, tables = load_study(config), told or []
    if round_number is None:
        if output.resolve() in [path.resolve() for path in tables]:
            raise SlipfieldError(f"output: {output} has the told trials; name another file")
        for path in tables:
            if not path.exists():
                say(f"{path}: not there; it counts as empty, and `search tell` will make it")
        known = read_told(study, [path for path in tables if path.exists()])
        refuse_untold(study, output, known)
        write_trials(ask(study, known, count), output)
        return
    trials = ask_round(study, round_number, tables)
    with recorded(study, "rounds", output.parent):
        write_trials(trials, output)


@app.command()
def tell(
    config: Config,
    filled: Annotated[Path, typer.Option(help="Asked trials with their outputs filled in (CSV).")],
    told: Annotated[Path, typer.Option(help="Table of all told trials to add them to (CSV).")],
) -> None:
    """Add filled-in trials to those told so far; a trial told before is replaced."""
    import numpy as np

    from slipfield.kinds.search.front import progress_of, reference_point
    from slipfield.kinds.search.study import load_study
    from slipfield.kinds.search.trials import add_told

    study = load_study(config)
    table = add_told(study, filled, told)
    typer.echo(f"{told}: {len(table)} trials told")
    best = progress_of(study, table, reference_point(study, table))[-1]
    several = len(study.objectives) > 1
    found = f"{'hypervolume' if several else 'best ' + study.objectives[0].name}: {best:.6g}"
    kept = "gone well and kept the constraints" if study.constraints else "gone well"
    typer.echo(found if np.isfinite(best) else f"no trial has {kept} yet")


@app.command()
def evaluate(
    config: Config,
    asked: Annotated[Path, typer.Option(help="Table that `search ask` or `compare` wrote.")],
    output: Output,
    trials: Annotated[
        str | None, typer.Option(help="Numbers A:B of the trials, half open; default: all.")
    ] = None,
) -> None:
    """Evaluate asked trials by the study's evaluator (CSV)."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.kinds.search.evaluate import evaluate
    from slipfield.kinds.search.study import load_study
    from slipfield.kinds.search.trials import TRIAL, read_trials, write_trials

    study = load_study(config)
    table = read_trials(study, asked, told=False)
    if trials is not None:
        first, last = parse_rows(trials)
        table = table[table[TRIAL].between(first, last - 1)]
        if len(table) != last - first:
            raise SlipfieldError(f"{asked}: holds {len(table)} of the trials {trials}")
    write_trials(evaluate(study, table), output)


@app.command()
def join(
    config: Config,
    trials: Annotated[list[Path], typer.Argument(help="Tables of told trials (CSV).")],
    output: Output,
) -> None:
    """Join tables of told trials into one (CSV)."""
    from slipfield.kinds.search.study import load_study
    from slipfield.kinds.search.trials import read_told, write_trials

    write_trials(read_told(load_study(config), trials), output)


@app.command()
def compare(
    config: Config,
    output: Output,
    method: Annotated[str, typer.Option(help="random or latin_hypercube.")],
) -> None:
    """Write the trials of a design that does not learn (CSV)."""
    from slipfield.core.errors import SlipfieldError
    from slipfield.kinds.search.rounds import COMPARED, comparison
    from slipfield.kinds.search.stale import recorded
    from slipfield.kinds.search.study import load_study
    from slipfield.kinds.search.trials import write_trials

    if method not in COMPARED:
        raise SlipfieldError(f"method: given {method!r}; expected {' or '.join(COMPARED)}")
    study = load_study(config)
    with recorded(study, "comparison", output.parent):
        write_trials(comparison(study, method), output)


@app.command()
def report(
    config: Config,
    output: Output,
    told: Told = None,
    compared: Annotated[
        list[Path] | None,
        typer.Option(help="Told trials in a folder named random or latin_hypercube; repeatable."),
    ] = None,
) -> None:
    """Write the page of a search (HTML): best, front, models along each variable, regret."""
    from slipfield.kinds.search.report import write_report
    from slipfield.kinds.search.study import load_study

    write_report(load_study(config), told or [], compared or [], output)


@app.command()
def bench(
    config: Config,
    output: Annotated[Path, typer.Option(help="Folder of told trials and bench.csv; kept.")],
    seeds: Annotated[str, typer.Option(help="Seeds A:B, half open.")] = "0:10",
    trials: Annotated[int, typer.Option(min=1, help="Trials of a search at most.")] = 40,
    against: Annotated[
        int,
        typer.Option(
            min=1,
            help="Random trials whose best is to be reached; of several objectives, trials of a "
            "Latin hypercube.",
        ),
    ] = 200,
) -> None:
    """Search from several seeds beside designs that do not learn (CSV, picture)."""
    from slipfield.core.files import write_text
    from slipfield.core.tables import csv_text
    from slipfield.kinds.search.bench import SEARCH, bench
    from slipfield.kinds.search.figures import figure_bench
    from slipfield.kinds.search.study import load_study
    from slipfield.report.style import save_figure

    first, last = parse_rows(seeds)
    study = load_study(config)
    found = bench(study, output, range(first, last), trials, against)
    write_text(output / "bench.csv", csv_text(found.rows, digits=6))
    told = {SEARCH: found.searches, **found.others}
    save_figure(figure_bench(study, told, found.point), output / "bench.png")
    typer.echo(found.rows.to_string(index=False))
