"""Numbered trainings as one job that may be killed: what is finished stays, and is read once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.places import claimed
from slipfield.core.progress import progress


def run_numbered(
    title: str,
    numbers: Iterable[int],
    run: Callable[[int, Path], dict[str, Any]],
    head: dict[str, Any],
    key: str,
    output: Path,
) -> dict[str, Any]:
    """Call ``run`` for each number and write ``head`` with the list of results to ``output``.

    Finished results and the checkpoint of the current run lie in a hidden folder beside
    ``output`` until all are done, so that a killed job continues.

    Parameters
    ----------
    run : callable
        Gets a number and a folder for checkpoints; gives a result with ``scores``.
    head : dict
        What is common to all; results made under another head are not used.
    key : str
        Name of the list in the file.

    Returns
    -------
    dict
        The content of ``output``.
    """
    work = output.with_name(f".{output.stem}.work")
    with claimed(work, title):
        content = _run_all(title, list(numbers), run, head, key, work)
        write_text(output, json.dumps(content, indent=1) + "\n")
        shutil.rmtree(work)
    return content


def _run_all(
    title: str,
    numbers: list[int],
    run: Callable[[int, Path], dict[str, Any]],
    head: dict[str, Any],
    key: str,
    work: Path,
) -> dict[str, Any]:
    """Run what is not finished in ``work`` yet."""
    done_file = work / "done.json"
    head = json.loads(json.dumps(head))
    done = _finished(done_file, head)
    with progress(title, len(numbers)) as advance:
        for count, number in enumerate(numbers, 1):
            if str(number) not in done:
                folder = work / f"run-{number:05d}"
                done[str(number)] = run(number, folder)
                write_text(done_file, json.dumps({"head": head, "done": done}))
                shutil.rmtree(folder, ignore_errors=True)
            advance(f"R2 {done[str(number)]['scores']['overall']['r2']:.3f}", count)
    return {**head, key: [done[str(number)] for number in numbers]}


def _finished(path: Path, head: dict[str, Any]) -> dict[str, Any]:
    """Results that an earlier job under the same head finished, by number."""
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content["done"] if content["head"] == head else {}
    except (ValueError, KeyError, TypeError) as error:
        raise SlipfieldError(
            f"{path}: not readable ({error!r}); delete it and run again"
        ) from error
