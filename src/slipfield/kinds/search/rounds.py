"""Asking for the trials of a round."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.search import space
from slipfield.kinds.search.study import SearchStudy
from slipfield.kinds.search.trials import OK, STATUS, TRIAL, blank, read_told

LEAST_TOLD = 2
"""Trials that must have gone well before a model is learnt."""


COMPARED = ("random", "latin_hypercube")
"""Designs that do not learn."""


def ask(study: SearchStudy, told: pd.DataFrame, count: int | None = None) -> pd.DataFrame:
    """Trials to do next, with empty outputs.

    The first ``initial_trials`` are Sobol points; those that were not told are asked for again. As
    long as fewer than two trials have gone well, further Sobol points follow. The values depend on
    study and told trials alone.

    Parameters
    ----------
    count : trials; by default what is left of the initial ones, then ``search.batch``.
    """
    done, initial = len(told), study.initial_trials
    count = count or (initial - done if done < initial else study.search.batch)
    if done < initial or (told[STATUS] == OK).sum() < LEAST_TOLD:
        free = np.setdiff1d(np.arange(done + count), told[TRIAL])[:count]
        points = space.sobol(study.variables, int(free[-1]) + 1, study.search.seed)
        return blank(study, points.iloc[free], free)
    from slipfield.kinds.search.engine import suggest

    first = int(told[TRIAL].max()) + 1
    values = suggest(study, told, count, study.search.seed + done)
    return blank(study, values, range(first, first + count))


def ask_round(study: SearchStudy, number: int, told: Sequence[Path]) -> pd.DataFrame:
    """Trials of round ``number`` from the told tables of all earlier rounds.

    Raises
    ------
    SlipfieldError
        If a table cannot be read or trials of an earlier round are missing.
    """
    table = read_told(study, told)
    wanted = range(study.trials_of(number).start)
    if table[TRIAL].tolist() != list(wanted):
        raise SlipfieldError(
            f"{told[0] if told else 'told trials'}: round {number} follows trials 0 to "
            f"{len(wanted) - 1}, found {len(table)} of them; delete the folder of the round that "
            "lacks some and run again"
        )
    return ask(study, table, len(study.trials_of(number)))


def comparison(study: SearchStudy, method: str) -> pd.DataFrame:
    """Trials of a design that does not learn: "random" or "latin_hypercube"."""
    settings = study.comparison
    points = getattr(space, method)(study.variables, settings.trials, settings.seed)
    return blank(study, points, range(len(points)))
