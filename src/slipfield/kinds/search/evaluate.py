"""Outputs of trials by another kind of study."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import Kind, Trial, check_any_study, load
from slipfield.core.progress import progress
from slipfield.core.study import BaseStudy
from slipfield.kinds.search.study import STD, Evaluator, SearchStudy, evaluations_of, in_log
from slipfield.kinds.search.trials import FAILED, OK, REASON, STATUS, TRIAL

Evaluate = Callable[[Any, Sequence[Trial]], Iterator[Mapping[str, Any] | SlipfieldError]]


def check_evaluator(study: SearchStudy) -> None:
    """Check the evaluator, its study, and that it takes the variables and gives the outputs.

    Raises
    ------
    SlipfieldError
        One line that names the field.
    """
    if study.evaluator is not None:
        evaluation(study)


def evaluators_study(study: SearchStudy) -> tuple[BaseStudy, Kind]:
    """Study of the evaluator, and its kind.

    Raises
    ------
    SlipfieldError
        If there is none, or one line that names the field.
    """
    chosen = _evaluator(study)
    content = {"name": "evaluator", **chosen.study, "kind": chosen.kind}
    return check_any_study(content, "evaluator.study")


def evaluation(study: SearchStudy) -> tuple[BaseStudy, Evaluate]:
    """Study of the evaluator, and its function of (study, trials).

    Raises
    ------
    SlipfieldError
        As :func:`check_evaluator`.
    """
    theirs, kind = evaluators_study(study)
    if place := evaluations_of(kind)[_evaluator(study).output]:
        parts = load(place)
        inputs, outputs, run = parts.inputs, parts.outputs, parts.run
    else:
        simulate = load(kind.simulate)
        inputs = [each.name for each in load(kind.design)(theirs).inputs]
        outputs = [each.name for each in load(kind.outputs) if not each.dims]

        def run(
            study: Any, trials: Sequence[Trial]
        ) -> Iterator[Mapping[str, Any] | SlipfieldError]:
            for values, _ in trials:
                try:
                    yield simulate(study, values)
                except SlipfieldError as error:
                    yield error

    _compare("variables", [each.name for each in study.variables], inputs)
    _compare("objectives and constraints", [each.name for each in study.outputs], outputs)
    return theirs, run


def _evaluator(study: SearchStudy) -> Evaluator:
    if study.evaluator is None:
        raise SlipfieldError(
            "evaluator: there is none: fill in the asked table and give it to `search tell`"
        )
    return study.evaluator


def _compare(field: str, given: list[str], known: Any) -> None:
    for name in given:
        if name not in known:
            raise SlipfieldError(
                f"{field}: the evaluator does not know {name!r}; it has {', '.join(known)}"
            )


def evaluate(study: SearchStudy, asked: pd.DataFrame) -> pd.DataFrame:
    """Told trials: outputs of each asked one; one that fails is told as failed, with its reason."""
    theirs, run = evaluation(study)
    rows = []
    names = [each.name for each in study.variables]
    records = asked.to_dict("records")
    trials = [({name: row[name] for name in names}, int(row[TRIAL])) for row in records]
    with progress("evaluate", len(trials)) as advance:
        for (inputs, number), found in zip(trials, run(theirs, trials), strict=True):
            told = {TRIAL: number, **inputs, STATUS: OK, REASON: ""}
            try:
                told |= _numbers(study, found)
            except SlipfieldError as error:
                told |= {STATUS: FAILED, REASON: str(error)}
            rows.append(told)
            advance("", len(rows))
    outputs = [each.name for each in study.outputs]
    spreads = [f"{name}{STD}" for name in outputs if any(f"{name}{STD}" in row for row in rows)]
    return pd.DataFrame(rows, columns=[TRIAL, *names, *outputs, *spreads, STATUS, REASON])


def _numbers(study: SearchStudy, found: Mapping[str, Any] | SlipfieldError) -> dict[str, float]:
    """The study's outputs and their deviations, each a finite number; else the error is raised."""
    if isinstance(found, SlipfieldError):
        raise found
    numbers = {}
    for each in study.outputs:
        for name in (each.name, f"{each.name}{STD}"):
            if name in found:
                numbers[name] = float(found[name])
        if not math.isfinite(numbers[each.name]):
            raise SlipfieldError(f"{each.name} is not finite")
        if in_log(each) and numbers[each.name] <= 0:
            raise SlipfieldError(f"{each.name} is not above 0, as its scale log asks")
    return numbers
