"""Report sections on training, prediction and cross-validation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from slipfield.core.numbers import percent
from slipfield.core.reading import read_json, read_table, reading
from slipfield.kinds.slip.figures.pictures import pictures_of
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.models import MODELS, NETWORK
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS
from slipfield.report.page import Card, Section, Table, duration, significant, unit_text
from slipfield.report.style import score_text

CARD = "model.json"

METRIC_NAMES = {
    "mae": "MAE",
    "rmse": "RMSE",
    "r2": "R²",
    "median_relative_error": "median relative error",
}
SPLIT_NAMES = {
    "random": "drawn at random, so that their microstructures were seen in training",
    "microstructure": "all on microstructures that were never seen in training",
}


def cards(results: Results) -> list[Card]:
    """Headline numbers of the test set."""
    trained = _trained(results)
    if not trained:
        return []
    best = max(trained, key=lambda metrics: metrics["test"]["overall"]["r2"])
    return [
        Card(score_text(best["test"][name]["r2"]), f"R² of {name}, {_model_name(best)}, test set")
        for name in PARAMETERS
    ]


def training_section(results: Results) -> Section | None:
    """Loss over the epochs."""
    pictures = pictures_of(results, "training", (NETWORK,))
    path = results.model(NETWORK) / "history.csv"
    metrics = _metrics(results, NETWORK)
    if not (pictures and path.exists() and metrics):
        return None
    table = read_table(path, "train", ("epoch", "validation_loss", "validation_mae", "seconds"))
    with reading(path, "train"):
        history = table.astype(float).to_dict("records")
    best = min(history, key=lambda row: row["validation_loss"])
    counts, seconds = metrics["samples"], sum(row["seconds"] for row in history)
    text = (
        f"{_model_name(metrics)}, trained on {counts['train']} samples for {len(history)} epochs "
        f"in {duration(seconds)}. The validation loss ({counts['validation']} samples) was lowest "
        f"after epoch {best['epoch']:.0f}: {best['validation_loss']:.4f}, with a mean "
        f"absolute error of {best['validation_mae']:.3f} of the scaled labels. Published, for "
        "20,000 samples and 95 epochs: 0.0044 and 0.0473."
    )
    return Section("training", "Training", [text], pictures)


def prediction_section(results: Results) -> Section | None:
    """Predicted against true on the test set, beside the predictor that learns nothing."""
    trained = _trained(results)
    if not trained:
        return None
    first = trained[0]
    count = first["samples"]["test"]
    text = f"{count} samples were held out for the test, {SPLIT_NAMES[first['split']]}."
    models = [metrics["model"] for metrics in trained]
    return Section(
        "prediction",
        "Prediction",
        [text, *map(_verdict, trained)],
        pictures_of(results, "prediction", models),
        [_test_table(metrics) for metrics in trained],
    )


def _test_table(metrics: dict[str, Any]) -> Table:
    """Scores of one model on the test set."""
    test, mean = metrics["test"], metrics["mean_predictor"]
    rows = [
        (
            f"{name} ({unit_text(PARAMETER_UNITS[name])})",
            score_text(test[name]["r2"]),
            f"{mean[name]['r2']:.3f}",
            significant(test[name]["mae"]),
            significant(mean[name]["mae"]),
            f"{test[name]['mae'] / mean[name]['mae']:.3f}",
            percent(test[name]["median_relative_error"]),
            percent(test[name]["p95_relative_error"]),
        )
        for name in PARAMETERS
    ]
    model = MODELS.get(metrics["model"])
    note = f" {model.note}" if model and model.note else ""
    return Table(
        f"Test set: {_model_name(metrics)}, and the mean predictor on the same samples",
        rows,
        ("", "R²", "R², mean", "MAE", "MAE, mean", "MAE ratio", "median error", "95 % error"),
        note="The mean predictor always answers with the mean of the training samples. A ratio "
        "below 1 is better than that; errors in percent are relative to the true value." + note,
    )


def crossval_section(results: Results) -> Section | None:
    """Table 6."""
    path = results.folder / "tables" / "table6.json"
    if not path.exists():
        return None
    lines = read_json(path, "crossval-summary")
    with reading(path, "crossval-summary"):
        tables = [
            _crossval_table([line for line in lines if (line["model"], line["grouping"]) == key])
            for key in dict.fromkeys((line["model"], line["grouping"]) for line in lines)
        ]
    study = results.study.crossval
    in_epochs = {name for name, model in MODELS.items() if model.by_epochs}
    trained = in_epochs & {line["model"] for line in lines}
    own = f"{study.network_repeats} × {study.folds} folds of " if study.network_repeats else ""
    each = f", {own}{study.epochs} epochs each for the network" if trained else ""
    text = (
        f"{study.repeats} × {study.folds} folds{each}. The scores of folds "
        "are not independent, because their training sets overlap: the corrected interval (Nadeau "
        "and Bengio, 2003) allows for that, the paper's t-interval does not."
    )
    return Section("crossval", "Cross-validation", [text], tables=tables)


def _crossval_table(lines: list[dict[str, Any]]) -> Table:
    """Rows of one model and grouping."""
    rows = []
    for line in lines:
        percent = line["metric"] == "median_relative_error"
        factor = 100 if percent else 1
        text = score_text if line["metric"] == "r2" else significant
        unit = "%" if percent else unit_text(line["unit"])
        most = 1.0 if line["metric"] == "r2" else math.inf
        least = -math.inf if line["metric"] == "r2" else 0.0
        intervals = [
            _interval(
                factor * max(line[f"{kind}_low"], least),
                factor * min(line[f"{kind}_high"], most),
                text,
            )
            for kind in ("t", "corrected")
        ]
        rows.append(
            (
                f"{line['parameter']}, {METRIC_NAMES[line['metric']]}{unit and f' ({unit})'}",
                text(factor * line["mean"]),
                significant(factor * line["std"]),
                *intervals,
                significant(line["cv_percent"]),
                significant(factor * line["mean_predictor"]),
            )
        )
    first = lines[0]
    groups = {"random": "samples", "microstructure": "whole microstructures"}[first["grouping"]]
    return Table(
        f"Table 6: {_model_name(first)}, {first['folds']} folds of {groups}",
        rows,
        ("", "mean", "std", "95 % t-interval", "corrected interval", "CV %", "mean predictor"),
    )


def _verdict(metrics: dict[str, Any]) -> str:
    """Plain comparison of the model with the mean predictor, parameter by parameter."""
    better: list[str] = []
    worse: list[str] = []
    for name in PARAMETERS:
        ratio = metrics["test"][name]["mae"] / metrics["mean_predictor"][name]["mae"]
        change = f"{name} by {abs(100 * (1 - ratio)):.0f} %"
        (better if ratio < 1 else worse).append(change)
    model = _model_name(metrics)
    if not worse:
        return f"The {model}'s mean absolute error is below the mean predictor's: {_list(better)}."
    if not better:
        return (
            f"The {model} is no better than always answering with the mean: its mean absolute "
            f"error is higher, for {_list(worse)}."
        )
    return (
        f"The {model}'s mean absolute error is below the mean predictor's for {_list(better)}, but "
        f"above it for {_list(worse)}."
    )


def _metrics(results: Results, model: str) -> dict[str, Any] | None:
    """Metrics of a model of this study; None if there are none."""
    path = results.model(model) / "metrics.json"
    if not path.exists() or results.model(model) / CARD in results.stale:
        return None
    metrics = read_json(path, "train")
    with reading(path, "train"):
        _test_table(metrics)
        metrics["samples"]["test"], metrics["test"]["overall"]["r2"]
        SPLIT_NAMES[metrics["split"]]
    return metrics


def _trained(results: Results) -> list[dict[str, Any]]:
    """Metrics of the trained models."""
    found = (_metrics(results, model) for model in results.study.models)
    return [metrics for metrics in found if metrics is not None]


def _model_name(content: dict[str, Any]) -> str:
    model = MODELS.get(content["model"])
    return model.title if model else content["model"]


def _interval(low: float, high: float, text: Callable[[float], str]) -> str:
    return "-" if math.isnan(low) else f"{text(low)} to {text(high)}"


def _list(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
