"""What has been reached: kept constraints, best so far, Pareto front, hypervolume."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pymoo.indicators.hv import HV
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

from slipfield.kinds.search.study import SearchStudy
from slipfield.kinds.search.trials import OK, STATUS

MARGIN = 0.1
"""Distance of the reference point from the worst of the front, over the front's range."""


def oriented(study: SearchStudy, table: pd.DataFrame) -> np.ndarray:
    """Objectives (n, objectives), turned so that more is better."""
    signs = [1.0 if each.goal == "maximise" else -1.0 for each in study.objectives]
    return table[[each.name for each in study.objectives]].to_numpy(float) * signs


def kept(study: SearchStudy, table: pd.DataFrame) -> np.ndarray:
    """Whether each trial went well and kept all constraints (n,)."""
    good = (table[STATUS] == OK).to_numpy(copy=True)
    for each in study.constraints:
        value = table[each.name].to_numpy(float)
        good &= value >= (-np.inf if each.low is None else each.low)
        good &= value <= (np.inf if each.high is None else each.high)
    return good


def on_front(study: SearchStudy, table: pd.DataFrame) -> np.ndarray:
    """Whether each trial is kept and no other kept one is better in all objectives (n,)."""
    good = np.flatnonzero(kept(study, table))
    found = np.zeros(len(table), bool)
    if len(good):
        values = -oriented(study, table)[good]
        found[good[NonDominatedSorting().do(values, only_non_dominated_front=True)]] = True
    return found


def reference_point(study: SearchStudy, *tables: pd.DataFrame) -> np.ndarray:
    """Worst values that count in the hypervolume, turned so that more is better.

    Where the study names none: a tenth of the fronts' range below their worst, or of the range of
    all trials while the front is a single one. Each of several tables has a front of its own, so
    that every one of them counts. NaN while no trial has gone well.
    """
    values = oriented(study, pd.concat(tables))
    values = values[np.isfinite(values).all(axis=1)]
    front = np.concatenate([oriented(study, table[on_front(study, table)]) for table in tables])
    front = front if len(front) else values
    point = np.full(len(study.objectives), np.nan)
    if len(front):
        spread = np.ptp(front, axis=0)
        spread = np.where(spread > 0, spread, np.ptp(values, axis=0))
        point = front.min(axis=0) - MARGIN * spread
    for number, each in enumerate(study.objectives):
        if each.reference is not None:
            point[number] = each.reference * (1 if each.goal == "maximise" else -1)
    return point


def progress_of(study: SearchStudy, table: pd.DataFrame, point: np.ndarray) -> np.ndarray:
    """Best kept value so far, in the objective's unit; several objectives: hypervolume (n,).

    NaN while no trial has kept all constraints.
    """
    values, good = oriented(study, table), kept(study, table)
    if len(study.objectives) == 1:
        best = np.fmax.accumulate(np.where(good, values[:, 0], np.nan))
        return best if study.objectives[0].goal == "maximise" else -best
    indicator = HV(ref_point=-point)
    found = np.full(len(table), np.nan)
    for number in range(len(table)):
        upto = good[: number + 1]
        if upto.any():
            found[number] = indicator(-values[: number + 1][upto])
    return found
