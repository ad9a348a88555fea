"""Repeated k-fold cross-validation (paper, section 3.3.3): folds as work, and their summary."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slipfield.core.errors import SlipfieldError
from slipfield.core.tables import write_summary
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.learning.inverter import inverter_class
from slipfield.kinds.slip.learning.resumable import run_numbered
from slipfield.kinds.slip.learning.run import interval_coverage
from slipfield.kinds.slip.learning.split import derived_seed, split_fold
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS, Study
from slipfield.spine.folds import fold_table
from slipfield.spine.metrics import mean_predictor_scores, scores


def fold_study(study: Study, number: int) -> Study:
    """Give one fold ``crossval.epochs``, decay at the same share of them and a seed of its own."""
    learning = study.learning.with_epochs(study.crossval.epochs)
    changed = learning.model_copy(update={"seed": derived_seed(learning.seed, number)})
    return study.model_copy(update={"learning": changed})


def run_folds(
    study: Study,
    dataset_dir: Path,
    model: str,
    first: int,
    last: int,
    output: Path,
    grouping: str | None = None,
) -> dict[str, Any]:
    """Train and score folds ``first`` to ``last`` - 1 of ``folds * repeats`` (from 0).

    Parameters
    ----------
    model : str
        Registered name of the inverter.
    output : Path
        JSON file to write.
    grouping : {"random", "microstructure"}, optional
        By default ``crossval.grouping``, if that names one.

    Returns
    -------
    dict
        The content of ``output``: model, grouping, data_hash and ``folds``, each with its
        number, sample counts, seconds, scores, coverage of the 95 % intervals if there are any, and
        the mean predictor's scores.

    Raises
    ------
    SlipfieldError
        If the fold numbers are out of range, the dataset has too few groups or is of other physics
        than the study.
    """
    count = study.crossval.folds_of(model)
    if not 0 <= first < last <= count:
        raise SlipfieldError(
            f"folds: given {first}:{last}; crossval.folds x repeats of {model} has 0:{count}"
        )
    grouping = grouping or study.crossval.grouping
    if grouping == "both":
        raise SlipfieldError("grouping: crossval.grouping is 'both'; name one with --grouping")
    dataset = Collection.of_dataset(dataset_dir, study)
    head = {
        "model": model,
        "grouping": grouping,
        "data_hash": dataset.data_hash,
        "study": study.model_dump(mode="json"),
    }

    def run(number: int, folder: Path) -> dict[str, Any]:
        return _run_fold(study, dataset, model, number, grouping, folder)

    title = f"cross-validate {model}, {grouping}"
    return run_numbered(title, range(first, last), run, head, "folds", output)


def _run_fold(
    study: Study, dataset: Collection, model: str, number: int, grouping: str, work: Path
) -> dict[str, Any]:
    """Train on one fold's training part and score the part it holds out."""
    parts = split_fold(study, dataset, number, grouping)
    inverter = inverter_class(model)(fold_study(study, number))
    start = time.perf_counter()
    inverter.fit(dataset, parts.train, parts.validation, work)
    seconds = time.perf_counter() - start
    true = dataset.parameters[parts.test]
    repeat, fold = divmod(number, study.crossval.folds)
    return {
        "number": number,
        "repeat": repeat,
        "fold": fold,
        "samples": {part: len(rows) for part, rows in parts.named().items()},
        "seconds": seconds,
        "scores": scores(true, inverter.predict(dataset, parts.test), PARAMETERS),
        "coverage": interval_coverage(inverter, dataset, parts.test),
        "mean_predictor": mean_predictor_scores(true, dataset.parameters[parts.train], PARAMETERS),
    }


def summarise(files: Sequence[Path], output: Path) -> list[dict[str, Any]]:
    """Write the paper's table 6 from the folds in ``files``, as CSV and, beside it, JSON.

    One row for each model, grouping, parameter and metric: mean, standard deviation, the paper's
    t-interval, the corrected interval (Nadeau & Bengio) and CV = std / mean in percent.

    Raises
    ------
    SlipfieldError
        If a file is none of `crossval`, the files are of different datasets, a fold is there
        twice, or ``output`` is no CSV file.
    """
    groups: dict[tuple[str, str], dict[int, dict]] = {}
    hashes = set()
    for path in files:
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            hashes.add(content["data_hash"])
            if len(hashes) > 1:
                raise SlipfieldError(f"{path}: made from another dataset than {files[0]}")
            folds = groups.setdefault((content["model"], content["grouping"]), {})
            if not content["folds"]:
                raise ValueError("it has no folds")
            for fold in content["folds"]:
                if fold["number"] in folds:
                    raise SlipfieldError(f"{path}: fold {fold['number']} is in another file too")
                folds[fold["number"]] = fold
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path}: not a file of `crossval` ({error!r}); run it again"
            raise SlipfieldError(message) from error
    rows = [
        row
        for (model, grouping), folds in sorted(groups.items())
        for row in fold_table(
            {"model": model, "grouping": grouping},
            [folds[number] for number in sorted(folds)],
            PARAMETER_UNITS,
        )
    ]
    write_summary(rows, output)
    return rows
