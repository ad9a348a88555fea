"""How well grains and second phase are found on rendered micrographs, whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage.morphology import skeletonize

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import track
from slipfield.core.tables import csv_text
from slipfield.kinds.micrograph.classical import METHODS as CLASSICAL
from slipfield.kinds.micrograph.defaults import KEEP, shipped
from slipfield.kinds.micrograph.finding import find_grains
from slipfield.kinds.micrograph.intercepts import along, mean_intercept
from slipfield.kinds.micrograph.methods import (
    PHASE_METHODS,
    BoundaryMethod,
    Finder,
    Method,
    named_method,
)
from slipfield.kinds.micrograph.pool import TRAINING_SEEDS, marked_pairs
from slipfield.kinds.micrograph.presets import PRESETS
from slipfield.kinds.micrograph.render import Micrograph, render
from slipfield.kinds.micrograph.statistics import g_of_intercept

TOLERANCE_PX = 2.0
MATCH_IOU = 0.5
LARGE_PX = 100
METHODS = {"boundaries": ("network", *CLASSICAL), "phases": PHASE_METHODS}
"""Methods by what they find."""
FIRST_SEED = 5_000
"""Seeds of scores begin here, far from those of trainings."""


def edge_lines(labels: np.ndarray) -> np.ndarray:
    """Pixels (height, width), bool, left of or above an edge between grains: lines of one px."""
    found = np.zeros(labels.shape, bool)
    found[:, :-1] |= labels[:, 1:] != labels[:, :-1]
    found[:-1] |= labels[1:] != labels[:-1]
    return found


def line_scores(drawn: Micrograph, found: np.ndarray) -> dict[str, float]:
    """Scores of lines (height, width), bool, against the true boundaries.

    Returns
    -------
    ``precision``, ``recall``, ``f1``, 1, of pixels at a tolerance of :data:`TOLERANCE_PX`;
    ``f1_seen``, the same of those farther than that from second phase, which hides boundaries;
    ``hidden``, the share of boundaries that are not, and ``hidden_recall``, that of these; and
    ``weak_recall``, that of boundaries that are etched weakly or not at all.
    """
    true = edge_lines(drawn.labels)
    near, reached, seen = _within(true), _within(found), ~_within(drawn.phases > 0)
    precision, recall = _share(near, found), _share(reached, true)
    weak, hidden = true & drawn.weak, true & ~seen
    return {
        "precision": precision,
        "recall": recall,
        "f1": _f1(precision, recall),
        "f1_seen": _f1(_share(near, found & seen), _share(reached, true & seen)),
        "hidden": _share(hidden, true),
        "hidden_recall": _share(reached, hidden) if hidden.any() else np.nan,
        "weak_recall": _share(reached, weak) if weak.any() else np.nan,
    }


def _share(inside: np.ndarray, lines: np.ndarray) -> float:
    """Share of the pixels of lines that lie inside, 1; 0 without lines."""
    return float(inside[lines].mean()) if lines.any() else 0.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / max(precision + recall, 1e-9)


def boundary_scores(drawn: Micrograph, labels: np.ndarray) -> dict[str, float]:
    """Scores of a label image (height, width) against the truth.

    Returns
    -------
    Those of :func:`line_scores`; ``intercept_error`` (relative, 1) and ``g_error`` of the mean
    lineal intercept; ``matched``: share of true grains of :data:`LARGE_PX` or more with a grain of
    an intersection over union above :data:`MATCH_IOU`.
    """
    truth = mean_intercept(along(drawn.labels))[0]
    size = min(mean_intercept(along(labels))[0], float(max(labels.shape)))
    return {
        **line_scores(drawn, edge_lines(labels)),
        "intercept_error": size / truth - 1,
        "g_error": g_of_intercept(size) - g_of_intercept(truth),
        "matched": share_matched(drawn.labels, labels),
    }


def _within(lines: np.ndarray) -> np.ndarray:
    """Pixels (height, width), bool, no farther from a line than the tolerance."""
    if not lines.any():
        return np.zeros(lines.shape, bool)
    return ndimage.distance_transform_edt(~lines) <= TOLERANCE_PX


def share_matched(truth: np.ndarray, labels: np.ndarray) -> float:
    """Share of true grains of :data:`LARGE_PX` or more that have a grain of their own, 1."""
    key, both = np.unique(truth.astype(np.int64) << 32 | labels, return_counts=True)
    own, other = np.bincount(truth.ravel()), np.bincount(labels.ravel())
    iou = both / (own[key >> 32] + other[key & 0xFFFFFFFF] - both)
    large = np.flatnonzero(own >= LARGE_PX)
    return float(np.isin(large, (key >> 32)[iou > MATCH_IOU]).mean())


def phase_scores(truth: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Scores of second phase (height, width), bool: of the foreground alone, and of both classes.

    Returns
    -------
    ``iou``, ``dice``, ``precision``, ``accuracy``, ``mean_iou`` (of matrix and phase), 1, and
    ``fraction_error``, relative, 1; without any second phase, all but ``accuracy`` are nan.
    """
    both, either, there = (int(each.sum()) for each in (truth & found, truth | found, truth))
    accuracy = (both + truth.size - either) / truth.size
    names = ("iou", "dice", "precision", "accuracy", "mean_iou", "fraction_error")
    if not there:
        return {**dict.fromkeys(names, np.nan), "accuracy": accuracy}
    iou, matrix = both / either, (truth.size - either) / max(truth.size - both, 1)
    dice, precision = 2 * both / (both + either), both / max(int(found.sum()), 1)
    values = (iou, dice, precision, accuracy, 0.5 * (iou + matrix), found.sum() / there - 1.0)
    return dict(zip(names, map(float, values), strict=True))


def scored(
    task: str,
    presets: Sequence[str],
    methods: Mapping[str, Method],
    images: int,
    side: int,
    keep: float = KEEP,
    first_seed: int = FIRST_SEED,
) -> Iterator[dict[str, object]]:
    """Score methods on ``images`` rendered micrographs of each preset that no training has seen.

    Parameters
    ----------
    task : "boundaries" or "phases".
    methods : by name.
    side : of the images, px.
    first_seed : of each look; the others follow.

    Yields
    ------
    dict
        ``preset``, ``seed``, ``method`` and the scores of one image. Of boundaries there are
        ``f1_open``, of the lines where the probability is 0.5 or more, before grains are closed,
        and ``doubt`` (:func:`~slipfield.kinds.micrograph.zoom.doubt`), too.
    """
    work = [(preset, first_seed + number) for preset in presets for number in range(images)]
    for preset, seed in track(work, f"score {task}"):
        drawn = render(preset, seed, (side, side))
        for name, method in methods.items():
            if isinstance(method, BoundaryMethod):
                found = find_grains(drawn.image, method, keep)
                values = boundary_scores(drawn, found.labels)
                open_lines = skeletonize(found.probability >= 0.5)
                values |= {"f1_open": line_scores(drawn, open_lines)["f1"], "doubt": found.doubt}
            else:
                values = phase_scores(drawn.phases > 0, method(drawn.image) >= 0.5)
            yield {"preset": preset, "seed": seed, "method": name, **values}


def scored_marked(
    methods: Mapping[str, Finder], images: Path, truths: Path
) -> Iterator[dict[str, object]]:
    """Score second phase on images that somebody has marked.

    Parameters
    ----------
    images, truths : folders, as :func:`~slipfield.kinds.micrograph.pool.marked_pool` takes them.

    Yields
    ------
    dict
        ``image``, ``method`` and the scores of one image.
    """
    for path, image, mark in marked_pairs(images, truths):
        for name, method in methods.items():
            yield {"image": path, "method": name, **phase_scores(mark, method(image) >= 0.5)}


def methods_of(task: str, names: Sequence[str], model: Path | None = None) -> dict[str, Method]:
    """Methods by name: "network" (``model``, or the one that comes along) and classical ones.

    Parameters
    ----------
    names : none for all that there are.

    Raises
    ------
    SlipfieldError
        If task or a method are unknown, or a model is given without its method.
    """
    if task not in METHODS:
        raise SlipfieldError(f"--task: given {task!r}; expected {', '.join(METHODS)}")
    for name in names:
        if name not in METHODS[task]:
            raise SlipfieldError(f"--method: given {name!r}; expected {', '.join(METHODS[task])}")
    if model is not None and names and "network" not in names:
        raise SlipfieldError(
            f"--model: given with --method {', '.join(names)}, of which none is a network; leave "
            "out one of them, or add --method network"
        )
    if not names:
        there = model is not None or shipped(task).exists()
        names = [name for name in METHODS[task] if name != "network" or there]
    return {name: named_method(task, name, model if name == "network" else None) for name in names}


def means(scores: pd.DataFrame) -> pd.DataFrame:
    """Means of scores by look and method, in the order of the table; of errors, their size's."""
    keys = [name for name in ("preset", "method") if name in scores.columns]
    values = scores.drop(columns=[name for name in ("seed", "image") if name in scores.columns])
    errors = [name for name in values.columns if name.endswith("_error")]
    values[errors] = values[errors].abs()
    return values.groupby(keys, sort=False).mean().reset_index()


def write_scores(
    task: str,
    presets: Sequence[str] | None,
    methods: Sequence[str] | None,
    images: int,
    side: int,
    output: Path,
    model: Path | None = None,
    keep: float = KEEP,
    marked: tuple[Path, Path] | None = None,
    first_seed: int = FIRST_SEED,
) -> list[str]:
    """Write the scores of :func:`scored`, one image and method a row (CSV).

    Parameters
    ----------
    first_seed : of each look, below those of trainings.
    marked : folders of images and truths to score second phase on, instead of rendered ones.

    Returns
    -------
    list of str
        Their means as lines of a table.

    Raises
    ------
    SlipfieldError
        If task, a preset or a method are unknown, seeds are those of trainings, or marked images
        are not in order.
    """
    if first_seed + images > TRAINING_SEEDS:
        raise SlipfieldError(
            f"--seed: given {first_seed} for {images} images; expected seeds below those of "
            f"trainings, {TRAINING_SEEDS:,}"
        )
    if marked is not None and presets:
        raise SlipfieldError("--preset: given with --marked; leave out one of them")
    chosen = methods_of(task, methods or (), model)
    if marked is None:
        rows = scored(task, presets or list(PRESETS), chosen, images, side, keep, first_seed)
    elif task == "phases":
        rows = scored_marked(chosen, *marked)
    else:
        raise SlipfieldError("--marked: scores second phase alone; expected --task phases with it")
    table = pd.DataFrame(rows)
    write_text(output, csv_text(table, digits=6))
    return means(table).to_string(index=False, float_format=lambda x: f"{x:.3f}").splitlines()
