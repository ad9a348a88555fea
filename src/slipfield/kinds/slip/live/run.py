"""A live inversion, from the first frame to the finished test."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.places import claimed
from slipfield.core.progress import say
from slipfield.kinds.slip.inversion.answers import Answer, Model
from slipfield.kinds.slip.inversion.estimates import load_models
from slipfield.kinds.slip.inversion.forward import Solver
from slipfield.kinds.slip.inversion.outcome import estimate_of
from slipfield.kinds.slip.inversion.preparation import prepare
from slipfield.kinds.slip.inversion.run import RESULT, invert, read_known
from slipfield.kinds.slip.inversion.shown import for_models
from slipfield.kinds.slip.live.arrivals import SETTLED_S, Arrivals
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
from slipfield.kinds.slip.live.running import RunningTest
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.measure.specimen_file import (
    STRAIN_EXTRAS,
    STRAIN_PART,
    provenance,
    read_specimen,
    write_specimen,
)
from slipfield.kinds.slip.measure.strain_maps import import_strain
from slipfield.kinds.slip.study import PARAMETERS

POLL_S = 0.1
IDLE_S = 600.0
DEFAULT_TABLE = "load.csv"
RESULT_FOLDER = "result"


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
    solves : forward runs of a refinement at the end.
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
    data = read_specimen(specimen)
    if not {"strain", "euler"} <= set(data.variables):
        raise SlipfieldError(
            f"{specimen}: holds no {'strain maps' if 'strain' not in data else 'orientations'}; "
            "import the first frames with `import dic`, and the grains with `import ebsd`"
        )
    recipe, truth = Recipe.of(data, specimen), None if known is None else read_known(known)
    loaded = load_models(models)
    if not folder.is_dir():
        raise SlipfieldError(f"live: {folder} is no folder; name the one that files go to")
    reader = FrameReader(data, recipe, folder)
    with claimed(output, "invert --live"):
        plan = Plan.make(specimen, data, loaded[0], output / "work", end, cells, membrane)
        suffix = Path(recipe.first[0]).suffix
        name, settled = table or recipe.table or DEFAULT_TABLE, SETTLED_S if idle else 0.0
        arrivals = Arrivals(folder, suffix, name, settled)
        test = RunningTest(plan, reader, arrivals, output / "work" / "load.csv", percent)
        say(f"ready: {folder}, {plan.elongation[-1]:g} mm in {plan.time[-1]:g} s are planned")
        _follow(test, output, idle, truth)
        path = _finished_specimen(test, data, recipe, output)
        final = _final(test, path, loaded[0], output, cells, membrane)
        content = _summary(test, final)
        draw_rows(test.rows, final, truth, output / PICTURE)
        content |= _batch(path, models, output, solves, cells, membrane, known, final)
        write_text(output / SUMMARY, json.dumps(content, indent=1) + "\n")
    return content


def _follow(test: RunningTest, output: Path, idle: float, truth: np.ndarray | None) -> None:
    """Take in frames until the test ends."""
    last, drawn, held = time.monotonic(), 0, ""
    while not test.ended:
        if test.take(idle > 0, lambda row: say(line_of(row))):
            last = time.monotonic()
            write_rows(test.rows, output / TABLE)
            continue
        if drawn != len(test.rows):
            draw_rows(test.rows, None, truth, output / PICTURE)
            drawn = len(test.rows)
        if test.arrivals.held and held != test.arrivals.held[0].name:
            held = test.arrivals.held[0].name
            say(f"{held} waits: a frame before it is missing")
        if time.monotonic() - last >= idle:
            break
        time.sleep(POLL_S)
    if not test.ended:
        _note_left_out(test, test.arrivals.incomplete, "{} is empty or not yet complete")
        _note_left_out(test, test.arrivals.held, "a frame before is missing")
    if not any(row.state for row in test.rows):
        why = test.notes[-1] if test.notes else "no frame came"
        raise SlipfieldError(f"live: {test.arrivals.folder}: no estimate: {why}")


def _note_left_out(test: RunningTest, files: Sequence[Path], why: str) -> None:
    """Note and say that files were left out, if there are any; {} in ``why`` is the first one."""
    if files:
        first = files[0].name
        others = f" to {files[-1].name} were" if len(files) > 1 else " was"
        test.notes.append(f"{first}{others} left out: {why.format(first)}")
        say(test.notes[-1])


def _finished_specimen(test: RunningTest, data: xr.Dataset, recipe: Recipe, output: Path) -> Path:
    """Write the specimen of the finished test, imported as a whole."""
    files, options = [test.arrivals.folder / row.file for row in test.rows], recipe.strain
    if not test.whole:
        times = output / "work" / "times.csv"
        write_text(times, "".join(f"{row.time!r}\n" for row in test.rows))
        options = replace(options, interval=None, start=None, times=times)
    whole = import_strain(files, options)
    copy = test.arrivals.load_table(test.table)
    if copy is not None:
        table = test.arrivals.folder / test.arrivals.table
        try:
            whole = add_load(whole, table, **recipe.load)
        except SlipfieldError as error:
            raise SlipfieldError(
                f"{error}. All frames are kept: put the whole load table there, and start again "
                "with the same output"
            ) from error
    others = [step for step in provenance(data) if step.get("import") not in ("dic", "load")]
    steps = [*provenance(whole), *others]
    mine = {**STRAIN_PART, **STRAIN_EXTRAS}
    rest = data.drop_vars([name for name in mine if name in data.variables])
    attrs = {**data.attrs, **whole.attrs, "provenance": json.dumps(steps)}
    path = output / "specimen.nc"
    path.unlink(missing_ok=True)
    write_specimen(rest.assign(whole.variables).assign_attrs(attrs), path)
    return path


def _final(
    test: RunningTest,
    path: Path,
    model: Model,
    output: Path,
    cells: tuple[int, int] | None,
    membrane: bool,
) -> Answer:
    """The recursion once more, along the measured loading, with outputs at the frames."""
    data = read_specimen(path)
    found = prepare(path, data, model.study, cells, membrane=membrane)
    whole = Solver.prepare(found.study, found.microstructure, output / RESULT_FOLDER / "work")
    seen, solver = for_models(found, whole)
    measured = seen.measurement
    plan = Plan.of(seen, solver, model, data, test.plan.time, test.plan.elongation, measured.time)
    for at, points in zip(measured.time, measured.points, strict=True):
        plan.recursion.add(float(at), points)
    plan.recursion.finish()
    return plan.recursion.state(measured.load).answer


def _summary(test: RunningTest, final: Answer) -> dict[str, Any]:
    seconds = np.array([row.seconds for row in test.rows if row.state is not None])
    stop = next((row for row in test.rows if row.says), None)
    return {
        "frames": len(test.rows),
        "enough": None if stop is None else {"frame": stop.frame, "says": stop.says},
        "final": estimate_of(final),
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


def _batch(
    path: Path,
    models: Sequence[Path],
    output: Path,
    solves: int,
    cells: tuple[int, int] | None,
    membrane: bool,
    known: Path | None,
    final: Answer,
) -> dict[str, Any]:
    """Invert the finished specimen as `invert` does, and compare."""
    folder = output / RESULT_FOLDER
    (folder / RESULT).unlink(missing_ok=True)
    found = invert(path, models, folder, solves, cells, known=known, membrane=membrane)
    batch = found.answers[0]
    away = np.abs(np.log(batch.parameters / final.parameters))
    return {
        "batch": {answer.method: estimate_of(answer) for answer in found.answers},
        "answer": found.choice.method if found.answered else None,
        "live_against_batch_ln_k": dict(zip(PARAMETERS, away.tolist(), strict=True)),
    }
