"""A live inversion, from the first frame to the finished test."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.places import claimed
from slipfield.core.progress import say
from slipfield.kinds.slip.inversion.estimates import load_models
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import Inversion, estimate_of
from slipfield.kinds.slip.inversion.preparation import prepare
from slipfield.kinds.slip.inversion.run import RESULT, invert, read_known
from slipfield.kinds.slip.inversion.shown import for_models
from slipfield.kinds.slip.live.arrivals import SETTLED_S, Arrivals
from slipfield.kinds.slip.live.finished import SPECIMEN, finished_specimen
from slipfield.kinds.slip.live.frames import FrameReader, Recipe
from slipfield.kinds.slip.live.plan import Plan
from slipfield.kinds.slip.live.record import (
    PICTURE,
    SUMMARY,
    TABLE,
    draw_rows,
    line_of,
    write_rows,
)
from slipfield.kinds.slip.live.recursion import State
from slipfield.kinds.slip.live.running import RunningTest
from slipfield.kinds.slip.measure.specimen_file import read_specimen
from slipfield.kinds.slip.study import PARAMETERS

POLL_S = 0.1
IDLE_S = 600.0
DEFAULT_TABLE = "load.csv"
RESULT_FOLDER = "result"
SAME = 1e-6
"""Difference in ln k of live and batch inversion that is rounding."""


def invert_live(
    specimen: Path,
    folder: Path,
    models: Sequence[Path],
    output: Path,
    percent: float | None = None,
    end: float | None = None,
    table: str | None = None,
    idle: float = IDLE_S,
    solves: int = 0,
    cells: tuple[int, int] | None = None,
    membrane: bool = False,
    known: Path | None = None,
    finer: bool = True,
    register: bool = True,
) -> dict[str, Any]:
    """Follow a test in ``folder``; write ``live.csv``, ``live.png``, ``live.json``, the specimen.

    The test ends with the planned loading, or when nothing came for ``idle`` seconds; then the
    finished specimen is inverted as a batch inversion does. Started again in the same ``output``,
    it reads the frames that are there and goes on.

    Parameters
    ----------
    specimen : file made of the first frames and the grain map; its imports say how to read others.
    percent : half-width of the 95 % intervals that is enough.
    end : time at which the model's elongation will be reached, s; by default the model's.
    table : name of the load table in ``folder``.
    solves, finer, register : the refinement at the end, as :func:`~..inversion.run.invert` takes
        them.
    known : JSON file with the true parameters of a simulated specimen.

    Returns
    -------
    dict
        Content of ``live.json``.

    Raises
    ------
    SlipfieldError
        If an input does not fit, or the test has been finished in ``output`` before.
    """
    if (output / SUMMARY).exists():
        raise SlipfieldError(
            f"output: {output / SUMMARY} exists: the test is finished; choose another folder"
        )
    if end is not None and not 0 < end < np.inf or percent is not None and not percent > 0:
        raise SlipfieldError(f"end, enough: given {end}, {percent}; expected numbers above 0")
    _refuse_places(specimen, folder, output)
    data = read_specimen(specimen)
    if not {"strain", "euler"} <= set(data.variables):
        raise SlipfieldError(
            f"{specimen}: holds no {'strain maps' if 'strain' not in data else 'orientations'}; "
            "import the first frames with `import dic`, and the grains with `import ebsd`"
        )
    recipe, truth = Recipe.of(data, specimen), None if known is None else read_known(known)
    loaded = load_models(models, membrane)
    if not folder.is_dir():
        raise SlipfieldError(f"live: {folder} is no folder; name the one that files go to")
    reader = FrameReader(data, recipe, folder)
    with claimed(output, "invert --live"), _ended_by_hand(output):
        plan = Plan.make(specimen, data, loaded[0], output / "work", end, cells, membrane)
        name, settled = table or recipe.table or DEFAULT_TABLE, SETTLED_S if idle else 0.0
        arrivals = Arrivals(folder, reader.first, name, settled)
        test = RunningTest(plan, reader, arrivals, output / "work" / "table", percent)
        say(f"ready: {folder}, {plan.elongation[-1]:g} mm in {plan.time[-1]:g} s are planned")
        _follow(test, output, idle, truth)
        path = finished_specimen(test, data, output)
        alike: dict[str, Any] = {"cells": cells, "membrane": membrane}
        options = {**alike, "known": known, "finer": finer, "register": register}
        batch = partial(invert, path, models, output / RESULT_FOLDER, solves, **options)
        content = _finish(test, path, output, batch, alike, truth)
        write_text(output / SUMMARY, json.dumps(content, indent=1) + "\n")
    return content


def _refuse_places(specimen: Path, folder: Path, output: Path) -> None:
    """Refuse an output that would take the place of what the test begins with."""
    if output.resolve() == folder.resolve():
        raise SlipfieldError(
            f"output: {output} is the folder that files arrive in; choose another one, as "
            f"{folder / 'out'}"
        )
    if specimen.resolve() == (output / SPECIMEN).resolve():
        raise SlipfieldError(
            f"output: the finished specimen would take the place of {specimen}; choose another "
            "folder"
        )


@contextmanager
def _ended_by_hand(output: Path) -> Iterator[None]:
    """Say after Ctrl-C, before the first frame or after the last one, how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise SlipfieldError(
            f"live: interrupted; start the same command again to go on with the runs in {output}"
        ) from None


def _follow(test: RunningTest, output: Path, idle: float, truth: np.ndarray | None) -> None:
    """Take in frames until the test ends."""
    last, drawn = time.monotonic(), 0
    try:
        while not test.ended or (idle and test.lacks_load):
            if test.take(idle > 0, lambda row: say(line_of(row))):
                last = time.monotonic()
                write_rows(test.rows, output / TABLE)
                continue
            if drawn != len(test.rows):
                draw_rows(test.rows, None, truth, output / PICTURE)
                drawn = len(test.rows)
            if time.monotonic() - last >= idle:
                break
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        if test.rows:
            write_rows(test.rows, output / TABLE)
        raise SlipfieldError(
            f"live: interrupted; {output / TABLE} has the estimates so far. Start "
            "the same command again to go on, or with --idle 0 to finish with what is there"
        ) from None
    test.close()
    if not any(row.state for row in test.rows):
        why = test.notes[-1] if test.notes else "no frame came"
        raise SlipfieldError(f"live: {test.arrivals.folder}: no estimate: {why}")


def _finish(
    test: RunningTest,
    path: Path,
    output: Path,
    batch_inversion: Callable[[], Inversion],
    alike: dict[str, Any],
    truth: np.ndarray | None,
) -> dict[str, Any]:
    """Invert the finished specimen as `invert` does, and by the recursion, and compare them.

    Parameters
    ----------
    alike : options that both prepare the specimen by.
    """
    folder, data = output / RESULT_FOLDER, read_specimen(path)
    found = prepare(path, data, test.plan.recursion.model.study, **alike)
    final = _final(test, found, folder / "work")
    draw_rows(test.rows, final.answer, truth, output / PICTURE)
    (folder / RESULT).unlink(missing_ok=True)
    batch = batch_inversion()
    if batch.registered is not None:  # the grain map was moved, so that it is another specimen now
        moved = prepare(path, batch.data, batch.trained, **alike)
        final = _final(test, moved, folder / "work" / "registered")
        draw_rows(test.rows, final.answer, truth, output / PICTURE)
    away = np.abs(np.log(batch.answers[0].parameters / final.answer.parameters))
    return {
        **_summary(test, final),
        "batch": {answer.method: estimate_of(answer) for answer in batch.answers},
        "answer": batch.choice.method if batch.answered else None,
        "verdict": batch.verdict.text,
        "warnings": [*batch.warnings],
        "live_against_batch_ln_k": dict(zip(PARAMETERS, away.tolist(), strict=True)),
        "agreement": agreement(away, path),
    }


def agreement(away: np.ndarray, specimen: Path) -> str:
    """Say how far in ln k (3,) a live inversion ended from that of the finished specimen."""
    name, most = PARAMETERS[int(away.argmax())], float(away.max())
    if most <= SAME:
        return f"live and batch inversion of {specimen.name} agree to {SAME:g} in ln k"
    return (
        f"live and batch inversion of {specimen.name} differ by {most:.2g} in ln {name}, although "
        f"both have its frames and loads: a fault of this package. Trust the batch inversion, "
        f"which `slipfield invert {specimen}` repeats, and report it with that file"
    )


def _final(test: RunningTest, found: Inversion, work: Path) -> State:
    """The recursion once more, along the measured loading, with outputs at the frames.

    Parameters
    ----------
    found : the finished specimen.
    work : folder of the batch inversion's runs, which takes this one's.
    """
    model = test.plan.recursion.model
    seen, solver = for_models(found, Solver.prepare(found.study, found.microstructure, work))
    measured, loading = seen.measurement, (test.plan.time, test.plan.elongation)
    plan = Plan.of(seen, solver, model, found.data, *loading, measured.time)
    for at, points in zip(measured.time, measured.points, strict=True):
        plan.recursion.add(float(at), points)
    plan.recursion.finish()
    return plan.recursion.state(measured.load)


def _summary(test: RunningTest, final: State) -> dict[str, Any]:
    seconds = np.array([row.seconds for row in test.rows if row.state is not None])
    stop = next((row for row in test.rows if row.says), None)
    return {
        "frames": len(test.rows),
        "enough": None if stop is None else {"frame": stop.frame, "says": stop.says},
        "final": {
            name: {**estimate, "told": bool(told)}
            for (name, estimate), told in zip(
                estimate_of(final.answer).items(), final.told, strict=True
            )
        },
        **{
            name: {
                "median": float(np.median(spent[:, 0])),
                "largest": float(spent[:, 0].max()),
                "median_of_reading": float(np.median(spent[:, 1])),
            }
            for name, spent in {
                "seconds_per_frame": seconds[:, :, 0],
                "cpu_seconds_per_frame": seconds[:, :, 1],
            }.items()
        },
        "notes": test.notes,
    }
