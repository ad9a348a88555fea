"""The figures of a study by name: what each one shows, and from which files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.core.reading import read_table, reading
from slipfield.kinds.slip.cnn_lstm.settings import TABLES
from slipfield.kinds.slip.design import read_design
from slipfield.kinds.slip.figures.attribution import figure_attribution
from slipfield.kinds.slip.figures.baselines import figure_learning_curves
from slipfield.kinds.slip.figures.learning import figure_attention, figure_loss, figure_predictions
from slipfield.kinds.slip.figures.overview import figure_overview
from slipfield.kinds.slip.figures.sampling import figure_design
from slipfield.kinds.slip.figures.simulation import figure_loads, figure_runtime, figure_strain
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.figures.specimen import figure_microstructure
from slipfield.kinds.slip.figures.sweep import figure_sweep
from slipfield.kinds.slip.learning.inverter import INVERTERS
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.report.style import save_figure

PREDICTED = ("split", *(f"{name}_{kind}" for name in PARAMETERS for kind in ("true", "predicted")))
LOSSES = ("epoch", "train_loss", "validation_loss")

NEEDS: dict[str, tuple[str, ...]] = {
    "microstructure": ("microstructures",),
    "design": ("samples.csv",),
    "strain": ("microstructures", "shards"),
    "loads": ("shards",),
    "loss": ("models/cnn_lstm",),
    "attention": ("models/cnn_lstm",),
    "attribution": ("models/cnn_lstm",),
    "learning-curves": ("baselines",),
    "runtime": ("shards",),
    "overview": ("microstructures", "shards", "models"),
    **{f"predictions-{model}": (f"models/{model}",) for model in INVERTERS},
    **{table: ("sweep",) for table in TABLES.values()},
}
"""What has to be of the study for each figure: folders and files of its folder."""


def _microstructure(results: Results) -> Figure:
    with results.microstructure(0) as data:
        return figure_microstructure(data, results.study)


def _design(results: Results) -> Figure:
    return figure_design(read_design(results.folder / "samples.csv"), results.study)


def _strain(results: Results) -> Figure:
    path, number, owner = results.central_sample()
    with open_netcdf(path) as shard, results.microstructure(owner) as grains:
        return figure_strain(shard, grains, number)


def _loads(results: Results) -> Figure:
    runs = results.runs
    return figure_loads(runs.isel(sample=runs["status"] == 0), results.study)


def _loss(results: Results) -> Figure:
    return figure_loss(read_table(results.model("cnn_lstm") / "history.csv", "train", LOSSES))


def _predictions(model: str, results: Results) -> Figure:
    return figure_predictions(_predicted(results, model))


def _attention(results: Results) -> Figure:
    with open_netcdf(results.model("cnn_lstm") / "attention.nc") as data:
        return figure_attention(data)


def _attribution(results: Results) -> Figure:
    with open_netcdf(results.model("cnn_lstm") / "attribution.nc") as data:
        return figure_attribution(data.load(), results.study.specimen)


def _overview(results: Results) -> Figure:
    path, number, owner = results.central_sample()
    tables = {model: _predicted(results, model) for model in results.study.models}
    with open_netcdf(path) as shard, results.microstructure(owner) as grains:
        return figure_overview(grains, shard, number, tables, results.study)


def _sweep(table: str, results: Results) -> Figure:
    path = results.folder / "tables" / f"{table}.json"
    if not path.exists():
        raise SlipfieldError(f"{path}: not there yet; run `sweep` and `sweep-summary` first")
    with reading(path, "sweep-summary"):
        return figure_sweep(pd.read_json(path, convert_dates=False))


def _learning_curves(results: Results) -> Figure:
    path = results.folder / "baselines" / "learning_curves.csv"
    with reading(path, "baselines"):
        return figure_learning_curves(read_table(path, "baselines"))


def _predicted(results: Results, model: str) -> pd.DataFrame:
    """Read the true and predicted parameters that `train` wrote."""
    return read_table(results.model(model) / "predictions.csv", "train", PREDICTED)


def _runtime(results: Results) -> Figure:
    return figure_runtime(results.runs, results.stages())


FIGURES: dict[str, Callable[[Results], Figure]] = {
    "microstructure": _microstructure,
    "design": _design,
    "strain": _strain,
    "loads": _loads,
    "loss": _loss,
    "predictions-projection": partial(_predictions, "projection"),
    "predictions-equilibrium": partial(_predictions, "equilibrium"),
    "predictions-cnn_lstm": partial(_predictions, "cnn_lstm"),
    "attention": _attention,
    "attribution": _attribution,
    "learning-curves": _learning_curves,
    "runtime": _runtime,
    "overview": _overview,
    **{table: partial(_sweep, table) for table in TABLES.values()},
}


def write_figure(name: str, results: Results, output: Path) -> None:
    """Draw figure ``name`` from the files of a study.

    Raises
    ------
    SlipfieldError
        If there is no such figure, ``output`` is neither PNG, SVG nor PDF, or another study made
        what the figure shows.
    """
    if name not in FIGURES:
        raise SlipfieldError(f"figure: given {name!r}; there are {', '.join(FIGURES)}")
    if output.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise SlipfieldError(f"output: given {str(output)!r}; expected .png, .svg or .pdf")
    results.check(*NEEDS[name])
    save_figure(FIGURES[name](results), output)
