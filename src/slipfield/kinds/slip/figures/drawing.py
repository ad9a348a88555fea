"""Draw the figures of a study, each from its files.

What draws a figure is imported when it is drawn: a job of the workflow draws a few of them.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf
from slipfield.core.kind import load
from slipfield.core.reading import read_table, reading
from slipfield.kinds.slip.figures.catalogue import FIGURES
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.models import NETWORK
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.report.style import save_figure

PREDICTED = ("split", *(f"{name}_{kind}" for name in PARAMETERS for kind in ("true", "predicted")))
LOSSES = ("epoch", "train_loss", "validation_loss")


def microstructure(results: Results, name: str) -> Figure:
    """Grain map 0 and its grain sizes."""
    from slipfield.kinds.slip.figures.specimen import figure_microstructure

    with results.microstructure(0) as data:
        return figure_microstructure(data, results.study)


def design(results: Results, name: str) -> Figure:
    """The sampled parameters."""
    from slipfield.kinds.slip.design import read_design
    from slipfield.kinds.slip.figures.sampling import figure_design

    return figure_design(read_design(results.folder / "samples.csv"), results.study)


def strain(results: Results, name: str) -> Figure:
    """Strain fields of one sample."""
    from slipfield.kinds.slip.figures.simulation import figure_strain

    path, number, owner = results.central_sample()
    with open_netcdf(path) as shard, results.microstructure(owner) as grains:
        return figure_strain(shard, grains, number)


def loads(results: Results, name: str) -> Figure:
    """Load curves and lattice rotation."""
    from slipfield.kinds.slip.figures.simulation import figure_loads

    runs = results.runs
    return figure_loads(runs.isel(sample=runs["status"] == 0), results.study)


def loss(results: Results, name: str) -> Figure:
    """Loss over the epochs."""
    from slipfield.kinds.slip.figures.learning import figure_loss

    return figure_loss(read_table(results.model(NETWORK) / "history.csv", "train", LOSSES))


def predictions(results: Results, name: str) -> Figure:
    """True and predicted parameters of one inverter."""
    from slipfield.kinds.slip.figures.learning import figure_predictions

    return figure_predictions(_predicted(results, name.removeprefix("predictions-")))


def attention(results: Results, name: str) -> Figure:
    """Attention over the loading."""
    from slipfield.kinds.slip.figures.learning import figure_attention

    with open_netcdf(results.model(NETWORK) / "attention.nc") as data:
        return figure_attention(data)


def attribution(results: Results, name: str) -> Figure:
    """What the network's answers rest on."""
    from slipfield.kinds.slip.figures.attribution import figure_attribution

    with open_netcdf(results.model(NETWORK) / "attribution.nc") as data:
        return figure_attribution(data.load(), results.study.specimen)


def overview(results: Results, name: str) -> Figure:
    """The study in one picture."""
    from slipfield.kinds.slip.figures.overview import figure_overview

    path, number, owner = results.central_sample()
    tables = {model: _predicted(results, model) for model in results.study.models}
    with open_netcdf(path) as shard, results.microstructure(owner) as grains:
        return figure_overview(grains, shard, number, tables, results.study)


def sweep(results: Results, name: str) -> Figure:
    """Scores over the values of one setting."""
    from slipfield.kinds.slip.figures.sweep import figure_sweep

    path = results.folder / "tables" / f"{name}.json"
    if not path.exists():
        raise SlipfieldError(f"{path}: not there yet; run `sweep` and `sweep-summary` first")
    with reading(path, "sweep-summary"):
        return figure_sweep(pd.read_json(path, convert_dates=False))


def learning_curves(results: Results, name: str) -> Figure:
    """Scores over the number of training samples."""
    from slipfield.kinds.slip.figures.baselines import figure_learning_curves

    path = results.folder / "baselines" / "learning_curves.csv"
    with reading(path, "baselines"):
        return figure_learning_curves(read_table(path, "baselines"))


def _predicted(results: Results, model: str) -> pd.DataFrame:
    """Read the true and predicted parameters that `train` wrote."""
    return read_table(results.model(model) / "predictions.csv", "train", PREDICTED)


def runtime(results: Results, name: str) -> Figure:
    """Run times of samples and stages."""
    from slipfield.kinds.slip.figures.simulation import figure_runtime

    return figure_runtime(results.runs, results.stages())


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
    results.check(*FIGURES[name].rests_on)
    save_figure(load(FIGURES[name].draw)(results, name), output)
