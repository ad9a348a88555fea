"""Outputs of trials by another kind of study."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import check_any_study, kind_named, load
from slipfield.core.progress import progress
from slipfield.core.study import BaseStudy
from slipfield.kinds.search.study import STD, SearchStudy
from slipfield.kinds.search.trials import FAILED, OK, REASON, STATUS, TRIAL

Evaluate = Callable[[Any, Mapping[str, float], int], Mapping[str, Any]]
SIMULATE = "simulate"


def check_evaluator(study: SearchStudy) -> None:
    """Check the evaluator, its study, and that it takes the variables and gives the outputs.

    Raises
    ------
    SlipfieldError
        One line that names the field.
    """
    if study.evaluator is not None:
        evaluation(study)


def evaluation(study: SearchStudy) -> tuple[BaseStudy, Evaluate]:
    """Study of the evaluator, and its function of (study, inputs, seed).

    Raises
    ------
    SlipfieldError
        As :func:`check_evaluator`.
    """
    chosen = study.evaluator
    if chosen is None:
        raise SlipfieldError(
            "evaluator: there is none: fill in the asked table and give it to `search tell`"
        )
    kind = kind_named(chosen.kind, "evaluator")
    if kind.name == study.kind:
        raise SlipfieldError("evaluator.kind: a search cannot evaluate another search")
    content = {"name": "evaluator", **chosen.study, "kind": kind.name}
    theirs, _ = check_any_study(content, "evaluator.study")
    given = dict(kind.evaluations)
    if kind.simulate:
        given.setdefault(SIMULATE, "")
    if chosen.output not in given:
        raise SlipfieldError(
            f"evaluator.output: kind {kind.name!r} has {', '.join(given) or 'no evaluation'}, "
            f"given {chosen.output!r}"
        )
    if given[chosen.output]:
        parts = load(given[chosen.output])
        inputs, outputs, run = parts.inputs, parts.outputs, parts.run
    else:
        simulate = load(kind.simulate)
        inputs = [each.name for each in load(kind.design)(theirs).inputs]
        outputs = [each.name for each in load(kind.outputs) if not each.dims]

        def run(study: Any, inputs: Mapping[str, float], seed: int) -> Mapping[str, Any]:
            return simulate(study, inputs)

    _compare("variables", [each.name for each in study.variables], inputs)
    _compare("objectives and constraints", [each.name for each in study.outputs], outputs)
    return theirs, run


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
    with progress("evaluate", len(asked)) as advance:
        for number, row in enumerate(asked.to_dict("records"), start=1):
            inputs = {name: row[name] for name in names}
            told = {TRIAL: row[TRIAL], **inputs, STATUS: OK, REASON: ""}
            try:
                found = run(theirs, inputs, int(row[TRIAL]))
                told |= _numbers(study, found)
            except SlipfieldError as error:
                told |= {STATUS: FAILED, REASON: str(error)}
            rows.append(told)
            advance("", number)
    outputs = [each.name for each in study.outputs]
    spreads = [f"{name}{STD}" for name in outputs if any(f"{name}{STD}" in row for row in rows)]
    return pd.DataFrame(rows, columns=[TRIAL, *names, *outputs, *spreads, STATUS, REASON])


def _numbers(study: SearchStudy, found: Mapping[str, Any]) -> dict[str, float]:
    """The study's outputs and their deviations, each a finite number."""
    numbers = {}
    for each in study.outputs:
        for name in (each.name, f"{each.name}{STD}"):
            if name in found:
                numbers[name] = float(found[name])
        if not math.isfinite(numbers[each.name]):
            raise SlipfieldError(f"{each.name} is not finite")
    return numbers
