"""Learning curves of all methods on one split, written point by point."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import progress
from slipfield.kinds.slip.baselines.methods import METHODS, REGRESSIONS, reduced, run_method
from slipfield.kinds.slip.baselines.summary import summarise_samples
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.learning.intervals import coverage
from slipfield.kinds.slip.learning.split import groups_of, split_once, strictest_grouping
from slipfield.kinds.slip.projection.protocol import Row, score_predictions, write_table
from slipfield.kinds.slip.study import Study

TABLE, FACTS = "learning_curves.csv", "learning_curves.json"
FURTHER = 1.2


def run_baselines(
    study: Study,
    dataset_dir: Path,
    output: Path,
    methods: Sequence[str] | None = None,
    samples: Sequence[int] | None = None,
) -> list[Row]:
    """Train every method on 100, 250, ... samples and score it on microstructures none has seen.

    If the dataset has fewer than three microstructures, the samples that none has seen are others
    of the same microstructures.

    Each finished point is a file in ``output/points``; a run that was cut short goes on, and
    ``learning_curves.csv`` always holds all points that are there and were made by this study from
    this dataset.

    Parameters
    ----------
    study : Study
        Gives noise and the settings of the network; the split is by microstructure if there are
        three.
    dataset_dir : Path
        Folder of a gathered dataset, with references for the projection inverter.
    output : Path
        Folder of the table.
    methods : sequence of str, optional
        Of :data:`slipfield.kinds.slip.baselines.methods.METHODS`; by default the regressions and
        the study's inverters.
    samples : sequence of int, optional
        Training samples, by default ``curves.samples``; those the dataset does not have become
        one point with all it has.

    Raises
    ------
    SlipfieldError
        If a method is unknown or the dataset cannot be split.
    """
    methods = methods or (*REGRESSIONS, *study.models)
    unknown = [name for name in methods if name not in METHODS]
    if unknown:
        raise SlipfieldError(f"method: given {unknown[0]!r}; expected one of {', '.join(METHODS)}")
    dataset = Collection.of_dataset(dataset_dir)
    grouping = strictest_grouping(dataset)
    learning = study.learning.model_copy(update={"split": grouping})
    study = study.model_copy(update={"learning": learning})
    split, groups = split_once(study, dataset), groups_of(dataset, grouping)
    most = len(split.train) + len(split.validation)
    counts = training_sizes(samples or study.curves.samples, most)
    content = study.model_dump(mode="json", exclude={"curves"})
    head = json.loads(json.dumps({"study": content, "data_hash": dataset.data_hash}))
    facts = {"study": study.model_dump(mode="json"), "data_hash": dataset.data_hash}
    summarise_samples(dataset)
    rows: list[Row] = []
    with progress("compare methods", len(counts) * len(methods)) as advance:
        for count in counts:
            part = reduced(split, groups, count, study.learning.validation_fraction)
            for name in methods:
                path = output / "points" / f"{name}-{count:05d}.json"
                if _rows_of(path, head) is None:
                    work = output / "points" / f".{name}-{count:05d}"
                    outcome = run_method(name, study, dataset, part, work)
                    found = _rows(name, count, dataset, part, outcome, grouping)
                    write_text(path, json.dumps({**head, "rows": found}, indent=1) + "\n")
                    shutil.rmtree(work, ignore_errors=True)
                rows = collect(output, head)
                advance(f"{name}, {count}")
    write_text(output / FACTS, json.dumps(facts, indent=1) + "\n")
    return rows


def training_sizes(samples: Sequence[int], most: int) -> list[int]:
    """Sizes up to ``most``, and ``most`` itself for those beyond if that is a fifth more."""
    sizes = sorted(count for count in set(samples) if count <= most)
    if len(sizes) < len(set(samples)) and most > FURTHER * max(sizes, default=0):
        sizes.append(most)
    return sizes


def collect(output: Path, head: dict[str, Any]) -> list[Row]:
    """Write the table of the points in ``output`` that ``head`` made, and give its rows."""
    files = sorted((output / "points").glob("*.json"))
    found = [row for path in files for row in _rows_of(path, head) or ()]
    order = {name: number for number, name in enumerate(METHODS)}
    found.sort(key=lambda row: (row["training_samples"], order[row["method"]], row["parameter"]))
    write_table(found, output / TABLE)
    return found


def _rows_of(path: Path, head: dict[str, Any]) -> list[Row] | None:
    """Rows of a point; None if it is not there, cannot be read, or is of other study or data.

    Which sizes the study asks for does not matter to a point.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        made = {name: content[name] for name in head}
        made["study"].pop("curves", None)
        return content["rows"] if made == head else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _rows(
    name: str, count: int, dataset: Collection, split: Any, outcome: Any, grouping: str
) -> list[Row]:
    """Rows of one point, one a parameter."""
    true = dataset.parameters[split.test]
    maps = np.concatenate([split.train, split.validation])
    head = {
        "method": name,
        "split": grouping,
        "training_samples": count,
        "training_microstructures": len(np.unique(dataset.microstructures[maps])),
        "test_samples": len(true),
        "test_microstructures": len(np.unique(dataset.microstructures[split.test])),
    }
    shares = [None] * true.shape[1]
    if outcome.ends is not None:
        low, high = outcome.ends
        shares = (100 * coverage(low, high, true)).tolist()
    return [
        {
            **head,
            **{
                key: value if isinstance(value, str) else float(value) for key, value in row.items()
            },
            "coverage_percent": share,
            "cpu_seconds": outcome.cpu_seconds,
        }
        for row, share in zip(score_predictions(true, outcome.predicted), shares, strict=True)
    ]
