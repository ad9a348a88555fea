"""One setting varied, all others kept: the paper's tables 3 to 5, and two comparisons more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.tables import write_summary
from slipfield.kinds.slip.cnn_lstm.network_inverter import NetworkInverter
from slipfield.kinds.slip.cnn_lstm.settings import BASE, TABLES
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.learning.resumable import run_numbered
from slipfield.kinds.slip.learning.split import derived_seed, split_once
from slipfield.kinds.slip.study import PARAMETERS, Study, check_study
from slipfield.spine.metrics import mean_predictor_scores, scores

FIELDS = tuple(TABLES)
"""Settings of ``learning`` that `sweep` may vary."""

COLUMNS = (*PARAMETERS, "overall")


def setting_study(study: Study, setting: str) -> Study:
    """Study whose ``learning`` has one other value and ``sweep.epochs``, decay in proportion.

    Parameters
    ----------
    setting : str
        "field=value", for example "learning_rate=0.01"; or "base" for no other value.

    Raises
    ------
    SlipfieldError
        If the field is none of :data:`FIELDS` or the value is not allowed.
    """
    if setting != BASE:
        field, _, value = setting.partition("=")
        if field not in FIELDS:
            expected = f"{BASE}, or FIELD=VALUE with one of {', '.join(FIELDS)}"
            raise SlipfieldError(f"setting: given {setting!r}; expected {expected}")
        content = study.model_dump(mode="json")
        content["learning"][field] = _parsed(value)
        study = check_study(content, f"setting {setting}")
    return study.model_copy(update={"learning": study.learning.with_epochs(study.sweep.epochs)})


def _parsed(text: str) -> float | int | str:
    """Turn digits into a number."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def run_setting(study: Study, dataset_dir: Path, setting: str, output: Path) -> dict[str, Any]:
    """Train the published network ``sweep.repeats`` times with one setting and score it.

    Every repeat has a seed, and with it a split, of its own; repeat 0 has those of `train`. All
    settings share them, so that differences are not those of the splits.

    Returns
    -------
    dict
        The content of ``output``: data_hash, study (with the setting) and ``runs``, each with its
        seed, sample counts, seconds, the best epoch and its loss, scores of the test part and of
        the mean predictor.

    Raises
    ------
    SlipfieldError
        If the setting or the dataset cannot be used, or a training fails.
    """
    changed = setting_study(study, setting)
    dataset = Collection.of_dataset(dataset_dir, study)
    head = {"data_hash": dataset.data_hash, "study": changed.model_dump(mode="json")}

    def run(number: int, folder: Path) -> dict[str, Any]:
        seed = changed.learning.seed
        seed = derived_seed(seed, number) if number else seed
        learning = changed.learning.model_copy(update={"seed": seed})
        return _run(changed.model_copy(update={"learning": learning}), dataset, folder)

    return run_numbered(
        f"train with {setting}", range(study.sweep.repeats), run, head, "runs", output
    )


def _run(study: Study, dataset: Collection, folder: Path) -> dict[str, Any]:
    """Train on the split of the study's seed and score the part held out."""
    split = split_once(study, dataset)
    inverter = NetworkInverter(study).fit(dataset, split.train, split.validation, folder)
    true = dataset.parameters[split.test]
    return {
        "seed": study.learning.seed,
        "samples": {part: len(rows) for part, rows in split.named().items()},
        "seconds": sum(row["seconds"] for row in inverter.history),
        "best_epoch": inverter.best_epoch,
        "validation_loss": inverter.history[inverter.best_epoch - 1]["validation_loss"],
        "scores": scores(true, inverter.predict(dataset, split.test), PARAMETERS),
        "mean_predictor": mean_predictor_scores(true, dataset.parameters[split.train], PARAMETERS),
    }


def summarise_sweep(files: Sequence[Path], field: str, output: Path) -> list[dict[str, Any]]:
    """Compare the settings in ``files`` by ``field``; write CSV and, beside it, JSON.

    One row for each value, in the order of the files: runs, R^2 of k1, k2, k3 and of all (mean and
    standard deviation over the runs), validation loss, best epoch and wall time of a training;
    ``best`` marks the lowest validation loss, for the test part must not choose.

    Raises
    ------
    SlipfieldError
        If the field is unknown, the files are none of `sweep` or of different datasets, or
        ``output`` is no CSV file.
    """
    if field not in FIELDS:
        raise SlipfieldError(f"field: given {field!r}; expected one of {', '.join(FIELDS)}")
    rows, hashes = [], set()
    for path in files:
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            if not content["runs"]:
                raise ValueError("it has no runs")
            rows.append(_row(field, content["study"]["learning"][field], content["runs"]))
            hashes.add(content["data_hash"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path}: not a file of `sweep` ({error!r}); run it again"
            raise SlipfieldError(message) from error
    if len(hashes) > 1:
        raise SlipfieldError(f"{files[-1]}: made from another dataset than {files[0]}")
    lowest = min(row["validation_loss"] for row in rows)
    rows = [{**row, "best": row["validation_loss"] == lowest} for row in rows]
    write_summary(rows, output)
    return rows


def _row(field: str, value: Any, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Row of one value."""
    row: dict[str, Any] = {"field": field, "value": value, "runs": len(runs)}
    for name in COLUMNS:
        found = np.array([run["scores"][name]["r2"] for run in runs])
        row[f"{name}_r2"] = float(found.mean())
        row[f"{name}_r2_std"] = float(found.std(ddof=1)) if len(found) > 1 else float("nan")
    relative = [run["scores"]["overall"]["median_relative_error"] for run in runs]
    row["median_relative_error"] = float(np.mean(relative))
    for name in ("validation_loss", "best_epoch", "seconds"):
        row[name] = float(np.mean([run[name] for run in runs]))
    row["mean_predictor_r2"] = float(
        np.mean([run["mean_predictor"]["overall"]["r2"] for run in runs])
    )
    return row
