"""The page of a search: what is best, how it was found, what the models know."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.recorded import refuse_others
from slipfield.kinds.search import figures
from slipfield.kinds.search.front import kept, on_front, oriented, progress_of, reference_point
from slipfield.kinds.search.kind import KIND
from slipfield.kinds.search.rounds import LEAST_TOLD
from slipfield.kinds.search.stale import stale_tables
from slipfield.kinds.search.study import SearchStudy
from slipfield.kinds.search.trials import OK, REASON, STATUS, TRIAL, read_told, write_trials
from slipfield.report.page import Card, Picture, Section, Table, picture_of, significant, unit_text
from slipfield.report.render import render
from slipfield.report.style import save_figure

MOST_ROWS = 12


def write_report(
    study: SearchStudy, told: Sequence[Path], compared: Sequence[Path], output: Path
) -> None:
    """Write the page, its figures, and ``best.csv``: the best trial, or the Pareto front.

    Parameters
    ----------
    told : tables of the search.
    compared : told tables of other designs, each in a folder named after its design.

    Raises
    ------
    SlipfieldError
        If a table cannot be read or is of another study, or a design is not known.
    """
    refuse_others(stale_tables(study, [*told, *compared]))
    table = read_told(study, told)
    tables = {"search": table} if len(table) else {}
    for path in compared:
        name = path.parent.name
        if name not in figures.SERIES:
            raise SlipfieldError(
                f"{path}: the folder must be named after a design that does not learn"
            )
        tables[name] = read_told(study, [path])
    folder = output.parent
    write_trials(table[on_front(study, table)], folder / "best.csv")
    cards, sections = [Card(str(len(table)), "trials told")], []
    if kept(study, table).any():
        cards += _cards(study, table)
        sections.append(_best_section(study, table))
        sections.append(_progress_section(study, tables, folder))
        if len(study.objectives) > 1:
            sections.append(_front_section(study, tables, folder))
    if (table[STATUS] == OK).sum() >= LEAST_TOLD and kept(study, table).any():
        sections.append(_model_section(study, table, folder))
    sections.append(_trials_section(study, table))
    title, physics = f"Search {study.name}", study.physics_hash()
    text = render(title, KIND.question, cards, sections, physics, output.parent)
    write_text(output, text)


def _saved(folder: Path, name: str, figure: Figure, title: str, caption: str) -> Picture:
    path = folder / "figures" / f"{name}.png"
    save_figure(figure, path)
    return picture_of(path, title, caption)


def _cards(study: SearchStudy, table: pd.DataFrame) -> list[Card]:
    reached = progress_of(study, table, reference_point(study, table))[-1]
    if len(study.objectives) > 1:
        front = int(on_front(study, table).sum())
        return [
            Card(str(front), "trials on the Pareto front"),
            Card(significant(reached), "hypervolume"),
        ]
    objective = study.objectives[0]
    value = f"{significant(reached)} {unit_text(objective.units)}".strip()
    return [Card(value, f"best {objective.name.replace('_', ' ')}")]


def _best(study: SearchStudy, table: pd.DataFrame) -> pd.Series:
    """The best trial; of several objectives, the one nearest to the best of each."""
    front = table[on_front(study, table)]
    values = oriented(study, front)
    spread = np.ptp(values, axis=0)
    distance = (values.max(axis=0) - values) / np.where(spread > 0, spread, 1)
    return front.iloc[int(np.argmin((distance**2).sum(axis=1)))]


def _columns(study: SearchStudy) -> list[str]:
    return [
        f"{each.name} ({each.units})" if each.units != "1" else each.name
        for each in (*study.variables, *study.outputs)
    ]


def _row(study: SearchStudy, row: pd.Series) -> list[str]:
    values = [row[each.name] for each in (*study.variables, *study.outputs)]
    return [str(row[TRIAL]), *(significant(v, 4) if np.isfinite(v) else "-" for v in values)]


def _best_section(study: SearchStudy, table: pd.DataFrame) -> Section:
    front = table[on_front(study, table)].sort_values(study.objectives[0].name)
    rows = [_row(study, row) for _, row in front.head(MOST_ROWS).iterrows()]
    note = "All of them are in best.csv." if len(front) > MOST_ROWS else ""
    several = len(study.objectives) > 1
    title = "Pareto front: no trial is better in all objectives" if several else "Best trial"
    found = Table(title, rows, ("trial", *_columns(study)), note, text_columns=0)
    return Section("best", "What is best", tables=[found])


def _progress_section(study: SearchStudy, tables: dict[str, pd.DataFrame], folder: Path) -> Section:
    caption = (
        "Up to the line the trials fill the space evenly; after it the models choose. "
        "Only trials that keep all constraints count."
    )
    picture = _saved(
        folder, "progress", figures.figure_progress(study, tables), "Progress", caption
    )
    return Section("progress", "How it was found", pictures=[picture])


def _front_section(study: SearchStudy, tables: dict[str, pd.DataFrame], folder: Path) -> Section:
    caption = "Filled: trials of the front. Open: the others that keep all constraints."
    picture = _saved(folder, "front", figures.figure_front(study, tables), "Objectives", caption)
    point = reference_point(study, *tables.values())
    signs = [1 if each.goal == "maximise" else -1 for each in study.objectives]
    ends = ", ".join(
        f"{each.name} {significant(sign * value)}"
        for each, sign, value in zip(study.objectives, signs, point, strict=True)
    )
    rows = [
        (
            figures.SERIES[name][0],
            str(len(table)),
            significant(progress_of(study, table, point)[-1], 4),
        )
        for name, table in tables.items()
    ]
    volumes = Table("Hypervolume", rows, ("design", "trials", "hypervolume"), f"Beyond {ends}.")
    return Section("front", "Pareto front", pictures=[picture], tables=[volumes])


def _model_section(study: SearchStudy, table: pd.DataFrame, folder: Path) -> Section:
    from slipfield.kinds.search.engine import Surrogate, seeded

    best = _best(study, table)
    seed = study.search.seed + len(table)
    with seeded(seed):
        surrogate = Surrogate.learn(study, table)
        along = figures.slices(study, best)
        found = [surrogate.predict(values) for values in along]
        acquired = np.array([surrogate.acquired(values, seed) for values in along])
    mean, deviation = (np.array(part) for part in zip(*found, strict=True))
    figure = figures.figure_slices(study, table, best, mean, deviation, acquired)
    caption = (
        f"Through trial {best[TRIAL]} (star). Lines: mean of the Gaussian process; bands: two "
        "standard deviations, without the noise of a trial; dots: all trials, seen from the side. "
        "Bottom: where the "
        "next trial promises most (logarithm of the expected improvement)."
    )
    picture = _saved(folder, "models", figure, "Models along each variable", caption)
    return Section("models", "What the models know", pictures=[picture])


def _trials_section(study: SearchStudy, table: pd.DataFrame) -> Section:
    failed = table[table[STATUS] != OK]
    texts = [f"{len(table)} trials, {len(failed)} of them failed."]
    if len(failed):
        texts.append(
            f"The first that failed: trial {failed[TRIAL].iloc[0]}, {failed[REASON].iloc[0]}"
        )
    if study.evaluator is None:
        texts.append("People tell: fill in the asked table and give it to `search tell`.")
    rows = [_row(study, row) for _, row in table.tail(MOST_ROWS).iterrows()]
    last = Table("Last trials", rows, ("trial", *_columns(study)), text_columns=0)
    return Section("trials", "Trials", texts, tables=[last])
