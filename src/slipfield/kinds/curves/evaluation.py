"""Scores of learners: every test curve of every split, and what they come to."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import track
from slipfield.core.reading import reading
from slipfield.core.tables import csv_text
from slipfield.kinds.curves.curve_set import CurveSet
from slipfield.kinds.curves.learners import Learner, LudwikForest, LudwikNetwork, Rule
from slipfield.kinds.curves.metrics import similarity
from slipfield.kinds.curves.splits import (
    Split,
    leave_one_class_out,
    leave_one_out,
    named_groups,
    random_splits,
)
from slipfield.kinds.curves.study import CurvesStudy

LEARNERS: dict[str, type[Rule] | type[LudwikForest] | type[LudwikNetwork]] = {
    "rule": Rule,
    "forest": LudwikForest,
    "network": LudwikNetwork,
}
ENOUGH = 0.95
"""Similarity that the paper promises for every curve, 1."""

COVERAGE = 0.95
"""Share of whole curves that a band promises to hold, 1, where there are scores enough."""

RISE = -1e-9
"""Least relative step of a curve that counts as monotone, 1."""

YIELDED = 0.5
"""Conformal scores start at this share of a curve's median stress: elastic points tell nothing."""


@dataclass(frozen=True)
class CurveScore:
    """How well one test curve was predicted; errors relative, 1, conformal width in log stress."""

    learner: str
    setting: int
    scheme: str
    split: str
    number: int
    name: str
    obeys_rule: bool
    similarity: float
    median_error: float
    monotone: bool
    band: float
    covered: bool
    fit_cpu_s: float


def splits_of(study: CurvesStudy, alloys: Sequence[Any], scheme: str) -> list[Split]:
    """Splits of a scheme: groups, random, one_out or class_out."""
    seed = study.learning.seed
    if scheme == "groups":
        return named_groups(alloys, seed)
    if scheme == "random":
        return random_splits(alloys, study.learning.random_splits, seed)
    return leave_one_out(alloys) if scheme == "one_out" else leave_one_class_out(alloys)


def evaluate(study: CurvesStudy, curves: CurveSet, learner: str, setting: int) -> list[CurveScore]:
    """Scores of one of our learners on all splits of a study."""
    if learner not in LEARNERS:
        raise SlipfieldError(f"learner: given {learner!r}; expected one of {', '.join(LEARNERS)}")
    left_out = setting in study.learning.left_out_settings
    plan = [
        (scheme, split)
        for scheme in study.learning.schemes
        if left_out or scheme not in ("one_out", "class_out")
        for split in splits_of(study, curves.alloys, scheme)
    ]
    scores: list[CurveScore] = []
    for scheme, split in track(plan, f"{learner}, setting {setting}"):
        made = LEARNERS[learner]()
        scores += score_split(made, learner, curves, setting, scheme, split, study.learning.seed)
    return scores


def score_split(
    made: Learner,
    learner: str,
    curves: CurveSet,
    setting: int,
    scheme: str,
    split: Split,
    seed: int,
) -> list[CurveScore]:
    """Fit on a split and score its test curves.

    The band is conformal (:func:`band_of_scores`): from the validation rows, which learners do not
    fit, and, where an ensemble has members that did not see them, from the training rows as well.
    """
    training, validation, test = (
        curves.take(rows) for rows in (split.training, split.validation, split.test)
    )
    start = time.process_time()
    made.fit(training, validation, setting, seed)
    seconds = time.process_time() - start
    scores = conformal_scores(made.predict(validation.alloys, curves.strain), validation)
    if (left_out := made.predict_left_out(training)) is not None:
        scores += conformal_scores(left_out, training)
    band = band_of_scores(scores)
    predicted = made.predict(test.alloys, curves.strain)
    widths = conformal_scores(predicted, test)
    found = []
    for row, alloy in enumerate(test.alloys):
        counts = test.valid[row]
        known, curve = test.stress[row][counts], predicted[row][counts]
        errors = np.abs(curve[1:] / known[1:] - 1)
        found.append(
            CurveScore(
                learner,
                setting,
                scheme,
                split.name,
                alloy.number,
                alloy.name,
                alloy.obeys_rule,
                similarity(curve, known),
                float(np.median(errors)),
                bool((np.diff(predicted[row]) >= RISE * known.max()).all()),
                band,
                bool(widths[row] <= band + 1e-12),
                seconds,
            )
        )
    return found


def band_of_scores(scores: Sequence[float]) -> float:
    """Half width of the band in log stress that covers a new curve with probability 0.95.

    The k-th smallest of n scores covers a new one with probability k / (n + 1) if all are alike
    (Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, 2005; for members that did
    not see a row, Kim, Xu & Barber, NeurIPS 33, 4138, 2020). Fewer than 19 promise n / (n + 1).
    """
    place = math.ceil(COVERAGE * (len(scores) + 1))
    return sorted(scores)[min(place, len(scores)) - 1]


def conformal_scores(predicted: np.ndarray, curves: CurveSet) -> list[float]:
    """Largest |log(known / predicted)| of each curve (curves, points), from yield on."""
    scores = []
    for row, curve in enumerate(predicted):
        known = curves.stress[row]
        counts = curves.valid[row] & (known > YIELDED * np.median(known))
        ratio = known[counts] / np.maximum(curve[counts], 1e-6)
        scores.append(float(np.max(np.abs(np.log(ratio)))))
    return scores


def write_scores(path: Path, scores: Iterable[CurveScore]) -> None:
    """Write scores as CSV, one row a test curve."""
    names = [field.name for field in fields(CurveScore)]
    write_text(path, csv_text([vars(score) for score in scores], 6, names))


def read_scores(
    paths: Iterable[Path], maker: str = "curve-learn", empty: bool = False
) -> list[CurveScore]:
    """Read what :func:`write_scores` wrote.

    Parameters
    ----------
    maker : verb that writes such files.
    empty : whether a file may hold no score.

    Raises
    ------
    SlipfieldError
        If a file is missing or is none of these.
    """
    scores = []
    kinds = {field.name: field.type for field in fields(CurveScore)}
    for path in paths:
        with reading(path, maker):
            with open(path, newline="", encoding="utf-8") as handle:
                table = csv.DictReader(handle)
                rows = [{n: _typed(row[n], k) for n, k in kinds.items()} for row in table]
            if not set(kinds) <= set(table.fieldnames or ()) or not (rows or empty):
                raise ValueError("no rows of scores")
            scores += [CurveScore(**row) for row in rows]
    return scores


def _typed(text: str, kind: Any) -> Any:
    readers: dict[Any, Callable[[str], Any]] = {
        "int": int,
        "float": float,
        "bool": lambda t: t == "True",
    }
    return readers.get(kind, str)(text)


def aggregate(scores: Sequence[CurveScore]) -> dict[str, float]:
    """What scores come to: mean, median, least similarity, shares, errors, coverage, cost."""
    values = np.array([score.similarity for score in scores])
    return {
        "curves": len(scores),
        "mean": float(values.mean()),
        "median": float(np.median(values)),
        "least": float(values.min()),
        "share_above_0.95": float((values >= ENOUGH).mean()),
        "median_error": float(np.median([score.median_error for score in scores])),
        "monotone": float(np.mean([score.monotone for score in scores])),
        "covered": float(np.mean([score.covered for score in scores])),
        "fit_cpu_s": float(np.mean([score.fit_cpu_s for score in scores])),
    }
