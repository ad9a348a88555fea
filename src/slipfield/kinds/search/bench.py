"""How many trials a search saves: searches from several seeds beside designs that do not learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.recorded import claim_contents
from slipfield.kinds.search.evaluate import check_evaluator, evaluate
from slipfield.kinds.search.front import kept, oriented, progress_of, reference_point
from slipfield.kinds.search.rounds import ask, comparison
from slipfield.kinds.search.stale import made_by
from slipfield.kinds.search.study import SearchStudy
from slipfield.kinds.search.trials import read_nothing, read_trials, write_trials

SEARCH, RANDOM, HYPERCUBE = "search", "random", "latin_hypercube"
Ask = Callable[[SearchStudy, pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Bench:
    """What searches and designs that do not learn have reached.

    Attributes
    ----------
    rows : one for each seed.
    searches : told trials of each search.
    others : of the random design, or of each Latin hypercube.
    point : reference point of the hypervolumes.
    """

    rows: pd.DataFrame
    searches: list[pd.DataFrame]
    others: dict[str, list[pd.DataFrame]]
    point: np.ndarray


def bench(study: SearchStudy, folder: Path, seeds: range, trials: int, against: int) -> Bench:
    """Run or continue searches and what they are compared with, and say what they reached.

    One objective: each search goes on until a trial is as good as the best of ``against`` random
    ones, or ``trials`` have been made. Several: ``trials`` of each search beside a Latin hypercube
    of ``against``, by hypervolume beyond one point for all.

    Parameters
    ----------
    folder : of a table of told trials for each search and design; what they hold is kept.
    seeds : added to the study's seeds of search and comparison.

    Raises
    ------
    SlipfieldError
        If the folder holds trials of another study, or the study has no evaluator.
    """
    check_evaluator(study)
    claim_contents(folder / "bench.json", _facts(study, against), "bench of a search")
    several = len(study.objectives) > 1
    random = []
    enough = None
    if not several:
        random = [_grown(study, folder / f"{RANDOM}.csv", _not_learning(RANDOM, against), against)]
        target = oriented(study, random[0])[kept(study, random[0]), 0].max()
        enough = partial(_reached, target=target)
    searches, designs = [], []
    for seed in seeds:
        own = _with_seed(study, seed)
        searches.append(_grown(own, folder / f"{SEARCH}-{seed}.csv", ask_batch, trials, enough))
        if several:
            path = folder / f"{HYPERCUBE}-{seed}.csv"
            designs.append(_grown(own, path, _not_learning(HYPERCUBE, against), against))
    point = reference_point(study, *searches, *random, *designs)
    if several:
        rows = _rows_of_several(study, seeds, searches, designs, point)
        return Bench(rows, searches, {HYPERCUBE: designs}, point)
    return Bench(_rows_of_one(study, seeds, searches, target), searches, {RANDOM: random}, point)


def ask_batch(study: SearchStudy, told: pd.DataFrame) -> pd.DataFrame:
    """What is left of the round that the told trials have come to, as if it had not been cut."""
    done, first = len(told), 0
    if done >= study.initial_trials:
        beyond = done - study.initial_trials
        first = done - beyond % study.search.batch
    count = study.search.batch if first else study.initial_trials
    return ask(study, told.iloc[:first], count).iloc[done - first :]


def _not_learning(method: str, trials: int) -> Ask:
    """Trials of a design in jobs of the study's size."""

    def next_ones(study: SearchStudy, told: pd.DataFrame) -> pd.DataFrame:
        settings = study.comparison.model_copy(update={"trials": trials})
        whole = comparison(study.model_copy(update={"comparison": settings}), method)
        return whole.iloc[len(told) :][: study.execution.trials_per_job]

    return next_ones


def _grown(
    study: SearchStudy,
    path: Path,
    ask: Ask,
    trials: int,
    enough: Callable[[SearchStudy, pd.DataFrame], np.ndarray] | None = None,
) -> pd.DataFrame:
    """Told trials of a table, after as many more as it takes; written after each batch."""
    told = read_trials(study, path, told=True) if path.exists() else read_nothing(study)
    while len(told) < trials and not (enough and enough(study, told).any()):
        asked = ask(study, told).iloc[: trials - len(told)]
        new = evaluate(study, asked)
        write_trials(new if told.empty else pd.concat([told, new], ignore_index=True), path)
        told = read_trials(study, path, told=True)
    return told.iloc[:trials]


def _with_seed(study: SearchStudy, seed: int) -> SearchStudy:
    """The study with ``seed`` added to its seeds."""
    changed = {
        name: part.model_copy(update={"seed": part.seed + seed})
        for name, part in (("search", study.search), ("comparison", study.comparison))
    }
    return study.model_copy(update=changed)


def _facts(study: SearchStudy, against: int) -> dict:
    """What decides the trials in a bench's folder; a longer random design begins alike."""
    several = {"against": against} if len(study.objectives) > 1 else {}
    return {**made_by(study, "rounds"), "comparison": {"seed": study.comparison.seed, **several}}


def _reached(study: SearchStudy, told: pd.DataFrame, target: float) -> np.ndarray:
    """Which trials keep all constraints and are as good as ``target``, where more is better."""
    return kept(study, told) & (oriented(study, told)[:, 0] >= target)


def _rows_of_one(
    study: SearchStudy, seeds: range, searches: list[pd.DataFrame], target: float
) -> pd.DataFrame:
    sign = 1 if study.objectives[0].goal == "maximise" else -1
    rows = []
    for seed, told in zip(seeds, searches, strict=True):
        best = progress_of(study, told, reference_point(study, told))[-1]
        reached = np.flatnonzero(_reached(study, told, target))
        rows.append(
            {
                "seed": seed,
                "best_of_random": sign * target,
                "best_of_search": best,
                "trials": len(told),
                "trials_to_reach": str(reached[0] + 1) if len(reached) else "",
            }
        )
    return pd.DataFrame(rows)


def _rows_of_several(
    study: SearchStudy,
    seeds: range,
    searches: list[pd.DataFrame],
    designs: list[pd.DataFrame],
    point: np.ndarray,
) -> pd.DataFrame:
    rows = []
    for seed, *tables in zip(seeds, searches, designs, strict=True):
        found, other = (progress_of(study, told, point)[-1] for told in tables)
        volumes = {"hypervolume_search": found, f"hypervolume_{HYPERCUBE}": other}
        rows.append({"seed": seed, **volumes, "ratio": found / other})
    return pd.DataFrame(rows)
