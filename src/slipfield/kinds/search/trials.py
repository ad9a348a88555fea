"""Tables of trials: asked ones (variables) and told ones (variables, outputs, status)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import say
from slipfield.core.tables import csv_text
from slipfield.kinds.search.space import to_unit
from slipfield.kinds.search.study import STD, SearchStudy, in_log
from slipfield.kinds.slip.measure.readers.sheets import read_sheet

TRIAL, STATUS, REASON = "trial", "status", "reason"
OK, FAILED = "ok", "failed"
LAST_TRIAL = 10**9
"""Largest number of a trial."""

TOLERANCE = 1e-6
"""Share of a variable's range by which a told value may differ from the asked one unremarked, and
that of 1 by which a whole one may."""

SAME_TRIAL = 1e-3
"""Share of a variable's range by which a trial's value may differ from what was told of it before,
as by the digits that a spreadsheet shows."""


def write_trials(table: pd.DataFrame, path: Path) -> None:
    """Write a table of trials (CSV)."""
    write_text(path, csv_text(table, digits=12))


def blank(
    study: SearchStudy, values: pd.DataFrame, numbers: Sequence[int] | np.ndarray
) -> pd.DataFrame:
    """Asked trials: their numbers, the values of the variables, and empty outputs to fill in."""
    column = pd.Series(numbers, name=TRIAL, dtype=int)
    empty = {each.name: np.full(len(values), np.nan) for each in study.outputs}
    table = pd.concat([column, values.reset_index(drop=True), pd.DataFrame(empty)], axis=1)
    return table.assign(**{STATUS: "", REASON: ""})


def read_trials(study: SearchStudy, path: Path, told: bool, waiting: bool = False) -> pd.DataFrame:
    """Read a table of trials and check it.

    Parameters
    ----------
    told : whether the outputs must be there. A row whose status is "failed" needs none.
    waiting : whether trials may be there of which nothing is filled in; they are left out.

    Returns
    -------
    pandas.DataFrame
        ``trial``, the variables, the outputs and the columns NAME_std that are there (NaN where
        failed), ``status`` ("ok" or "failed"), ``reason``.

    Raises
    ------
    SlipfieldError
        One line that names file, trial and column.
    """
    outputs = [each.name for each in study.outputs]
    columns = [TRIAL, *(each.name for each in study.variables), *(outputs if told else ())]
    known = [*columns, *outputs, STATUS, REASON, *(f"{name}{STD}" for name in outputs)]
    table = read_sheet(path, known, (STATUS, REASON))
    if missing := [name for name in columns if name not in table]:
        raise SlipfieldError(f"{path}: no column {missing[0]!r}; expected {', '.join(columns)}")
    if told and table.empty:
        raise SlipfieldError(f"{path}: holds no trial")
    if waiting:
        results = table.columns.difference([TRIAL, *(each.name for each in study.variables)])
        table = _filled(path, table, results)
    if strange := [name for name in table.columns if name not in known]:
        raise SlipfieldError(f"{path}: column {strange[0]!r} is none of the study's; remove it")
    return _checked(study, table, path, told)


def _filled(path: Path, table: pd.DataFrame, results: pd.Index) -> pd.DataFrame:
    """The trials of which something is filled in; the others are named."""
    empty = table[results].isna().all(axis=1)
    if empty.all():
        raise SlipfieldError(f"{path}: no trial is filled in")
    if empty.any():
        numbers = ", ".join(table.loc[empty, TRIAL].fillna("?"))
        say(f"{path}: nothing is filled in for trial {numbers}: left out until it is")
    return table[~empty]


def _checked(study: SearchStudy, table: pd.DataFrame, path: Path, told: bool) -> pd.DataFrame:
    """Numbers as numbers, each trial once, variables within bounds, outputs there."""
    table = table.copy()
    for name in (STATUS, REASON):
        given = table[name] if name in table else pd.Series("", index=table.index)
        table[name] = given.astype(object).where(given.notna(), "").astype(str).str.strip()
    table[STATUS] = table[STATUS].str.lower().replace("", OK)
    for row in table.loc[~table[STATUS].isin([OK, FAILED])].itertuples():
        raise SlipfieldError(
            f"{path}: trial {row.trial}: status {row.status!r}; expected {OK}, {FAILED} or nothing"
        )
    for name in table.columns.difference([STATUS, REASON]):
        numbers = pd.to_numeric(table[name], errors="coerce").replace([np.inf, -np.inf], np.nan)
        for row in table.loc[numbers.isna() & table[name].notna()].itertuples():
            raise SlipfieldError(
                f"{path}: trial {row.trial}: {name}: {table.at[row.Index, name]!r} is no number"
            )
        table[name] = numbers
    trial = table[TRIAL]
    if trial.isna().any() or (trial % 1 != 0).any() or not trial.between(0, LAST_TRIAL).all():
        raise SlipfieldError(
            f"{path}: column 'trial' must hold whole numbers from 0 to {LAST_TRIAL:,}"
        )
    table[TRIAL] = trial.astype(int)
    if (twice := table[TRIAL].duplicated()).any():
        raise SlipfieldError(f"{path}: trial {table[TRIAL][twice].iloc[0]} is there twice")
    _check_values(study, table, path, told)
    return table.sort_values(TRIAL, ignore_index=True)


def _check_values(study: SearchStudy, table: pd.DataFrame, path: Path, told: bool) -> None:
    for variable in study.variables:
        name, low, high = variable.name, variable.low, variable.high
        if (empty := table[name].isna()).any():
            raise SlipfieldError(
                f"{path}: trial {table[TRIAL][empty].iloc[0]}: {name} is empty; fill in what was "
                "asked for or reached"
            )
        slack = TOLERANCE * (high - low)
        wrong = ~table[name].between(low - slack, high + slack)
        for row in table.loc[wrong].itertuples():
            raise SlipfieldError(
                f"{path}: trial {row.trial}: {name}: {getattr(row, name)} is not within "
                f"[{low:g}, {high:g}]; if it was reached, widen these bounds in the study file"
            )
        if variable.values == "whole":
            for row in table.loc[(table[name] % 1).between(TOLERANCE, 1 - TOLERANCE)].itertuples():
                raise SlipfieldError(
                    f"{path}: trial {row.trial}: {name}: {getattr(row, name)} is no whole number, "
                    "as the values of this variable are"
                )
            table[name] = table[name].round()
    for each in study.outputs if told else ():
        empty = table[each.name].isna() & (table[STATUS] == OK)
        if empty.any():
            raise SlipfieldError(
                f"{path}: trial {table[TRIAL][empty].iloc[0]}: {each.name} is empty; "
                f"fill it in, or write {FAILED} into the column {STATUS}"
            )
        table.loc[table[STATUS] == FAILED, each.name] = np.nan
        if in_log(each) and (table[each.name] <= 0).any():
            raise SlipfieldError(
                f"{path}: trial {table[TRIAL][table[each.name] <= 0].iloc[0]}: {each.name} must be "
                f"above 0, as its scale is log"
            )
        spread = f"{each.name}{STD}"
        if spread in table and (table[spread] < 0).any():
            raise SlipfieldError(f"{path}: {spread}: a standard deviation below 0")


def read_told(study: SearchStudy, paths: Sequence[Path]) -> pd.DataFrame:
    """All told trials of several files, by number.

    Raises
    ------
    SlipfieldError
        If a file cannot be read, or a trial is in two of them.
    """
    tables = [read_trials(study, path, told=True) for path in paths]
    if not tables:
        return read_nothing(study)
    table = pd.concat(tables, ignore_index=True)
    if (twice := table[TRIAL].duplicated()).any():
        number = table[TRIAL][twice].iloc[0]
        holders = [str(p) for p, t in zip(paths, tables, strict=True) if (t[TRIAL] == number).any()]
        raise SlipfieldError(f"{' and '.join(holders)}: both hold trial {number}")
    return table.sort_values(TRIAL, ignore_index=True)


def read_nothing(study: SearchStudy) -> pd.DataFrame:
    """No told trials."""
    return blank(study, pd.DataFrame({each.name: [] for each in study.variables}), ())


def add_told(study: SearchStudy, filled: Path, told: Path) -> pd.DataFrame:
    """Add the filled-in trials of one table to those told so far, and write them.

    A trial told before is replaced: people correct what they wrote. One of which nothing is filled
    in waits.

    Raises
    ------
    SlipfieldError
        If a table cannot be read, or a trial was told before with other values of the variables.
    """
    new = read_trials(study, filled, told=True, waiting=True)
    old = read_told(study, [told]) if told.exists() else read_nothing(study)
    _refuse_others(study, filled, new, told, old)
    kept = old[~old[TRIAL].isin(new[TRIAL])]
    table = pd.concat([part for part in (kept, new) if len(part)], ignore_index=True)
    table = table.sort_values(TRIAL, ignore_index=True)
    write_trials(table, told)
    return table


def _refuse_others(
    study: SearchStudy, filled: Path, new: pd.DataFrame, told: Path, old: pd.DataFrame
) -> None:
    """Refuse a number that a trial with other values of the variables has already.

    Two tables that were asked for from the same told trials number other trials alike.
    """
    both = sorted({*new[TRIAL]} & {*old[TRIAL]})
    now, before = (table.set_index(TRIAL).loc[both] for table in (new, old))
    apart = np.abs(to_unit(study.variables, now) - to_unit(study.variables, before)) > SAME_TRIAL
    for place, column in np.argwhere(apart):
        number, name = both[place], study.variables[column].name
        free = max(old[TRIAL].max(), new[TRIAL].max()) + 1
        raise SlipfieldError(
            f"{filled}: trial {number}: {name} is {now[name].iloc[place]:g}, but {told} has trial "
            f"{number} with {before[name].iloc[place]:g}; if it is another trial, give it the "
            f"number {free}, if that was wrong, correct it in {told.name}"
        )


def refuse_untold(study: SearchStudy, output: Path, told: pd.DataFrame) -> None:
    """Refuse to overwrite a table in which results of trials are filled in that are not told yet.

    Raises
    ------
    SlipfieldError
        If there are some, or the table cannot be read.
    """
    if not output.exists() or not output.stat().st_size:
        return
    names = [each.name for each in study.outputs]
    table = read_sheet(output, [TRIAL, *names, STATUS, REASON], (STATUS, REASON))
    results = table.reindex(columns=[TRIAL, *names, STATUS])
    given = pd.to_numeric(results.pop(TRIAL), errors="coerce")[results.notna().any(axis=1)]
    untold = given[~given.isin(told[TRIAL])]
    if len(untold):
        raise SlipfieldError(
            f"{output}: holds results of trial {untold.iloc[0]:g}, which is not told yet; "
            "`search tell` it, or name another output"
        )
