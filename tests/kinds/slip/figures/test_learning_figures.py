"""Figures of the learning half: they show the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from slipfield.kinds.slip.figures.attribution import figure_attribution
from slipfield.kinds.slip.figures.learning import figure_attention, figure_loss, figure_predictions
from slipfield.kinds.slip.figures.sweep import figure_sweep
from slipfield.kinds.slip.study import Specimen
from slipfield.report.style import save_figure


def lines(axes):
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_loss_marks_the_best_epoch_and_the_decay(tmp_path):
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3, 4],
            "learning_rate": [1e-3, 1e-3, 1e-4, 1e-4],
            "train_loss": [0.4, 0.3, 0.2, 0.1],
            "validation_loss": [0.5, 0.2, 0.3, 0.25],
        }
    )
    figure = figure_loss(history)
    (axes,) = figure.axes
    shown = lines(axes)
    np.testing.assert_array_equal(shown["validation"][:, 1], history["validation_loss"])
    np.testing.assert_array_equal(shown["best epoch 2: 0.2000"], [[2, 0.2]])
    dotted = [line.get_xdata() for line in axes.lines if line.get_linestyle() == ":"]
    assert list(dotted[0]) == [2.5, 2.5]
    save_figure(figure, tmp_path / "loss.png")
    assert (tmp_path / "loss.png").stat().st_size > 5000


def test_predictions_show_the_part_and_its_score():
    random = np.random.default_rng(0)
    true = random.uniform(5, 30, (12, 3))
    columns = {f"k{i + 1}_true": true[:, i] for i in range(3)}
    columns |= {f"k{i + 1}_predicted": true[:, i] * [1, 1.1, 0.5][i] for i in range(3)}
    table = pd.DataFrame({"split": ["test"] * 8 + ["train"] * 4, **columns})
    figure = figure_predictions(table)
    for i, axes in enumerate(figure.axes):
        points = axes.collections[0].get_offsets()
        np.testing.assert_allclose(points[:, 0], true[:8, i])
        assert axes.get_xlim() == axes.get_ylim()
    assert figure.axes[0].texts[0].get_text() == "$R^2$ = 1.000"
    residual = (
        np.square(0.5 * true[:8, 2]).sum() / np.square(true[:8, 2] - true[:8, 2].mean()).sum()
    )
    assert float(figure.axes[2].texts[0].get_text().split("=")[1]) == pytest.approx(
        1 - residual, abs=6e-4
    )


def test_attention_shows_the_mean_of_each_modality():
    weights = np.random.default_rng(0).dirichlet([1, 2, 3], (6, 4))
    data = xr.Dataset(
        {"attention": (("sample", "time", "modality"), weights)},
        {"time": [25.0, 50, 75, 100], "modality": ["strain", "orientation", "load"]},
    )
    (axes,) = figure_attention(data).axes
    shown = lines(axes)
    for i, name in enumerate(data["modality"].values):
        np.testing.assert_allclose(shown[name][:, 1], weights[:, :, i].mean(axis=0))
    assert len(axes.collections) == 3


def test_sweep_shows_scores_and_the_lowest_loss():
    table = pd.DataFrame(
        {
            "field": "learning_rate",
            "value": [1e-2, 1e-3, 1e-4],
            **{f"{name}_r2": [0.1 * i, 0.5, 0.9] for i, name in enumerate(("k1", "k2", "k3"))},
            **{f"{name}_r2_std": [np.nan, 0.1, 0.2] for name in ("k1", "k2", "k3")},
            "overall_r2": [0.1, 0.5, 0.9],
            "mean_predictor_r2": [-0.1] * 3,
            "validation_loss": [0.3, 0.01, 0.1],
            "best": [False, True, False],
        }
    )
    left, right = figure_sweep(table).axes
    np.testing.assert_allclose(lines(left)["mean"][:, 1], table["overall_r2"])
    np.testing.assert_array_equal(lines(right)["lowest"], [[1, 0.01]])
    assert [text.get_text() for text in left.get_xticklabels()] == ["0.01", "0.001", "0.0001"]
    assert right.get_xlabel() == "learning rate"


def test_attribution_bars_are_shares_and_scores():
    random = np.random.default_rng(0)
    total = random.standard_normal((4, 3, 3))
    data = xr.Dataset(
        {
            "total": (("sample", "parameter", "modality"), total),
            "by_time": (("sample", "parameter", "sequence", "time"), random.random((4, 3, 2, 5))),
            "strain_map": (("parameter", "y", "x"), random.random((3, 6, 6))),
            "r2": ("parameter", [0.9, 0.8, 0.7]),
            "ablated_r2": (("parameter", "modality"), random.random((3, 3))),
        },
        {
            "parameter": ["k1", "k2", "k3"],
            "modality": ["strain", "orientation", "load"],
            "sequence": ["strain", "load"],
            "time": np.arange(5.0),
        },
    )
    shares, ablation, frames, *maps = figure_attribution(data, Specimen()).axes
    size = np.abs(total).mean(axis=0)
    heights = np.array([bar.get_height() for bar in shares.patches]).reshape(3, 3)
    np.testing.assert_allclose(heights.T, 100 * size / size.sum(axis=1, keepdims=True))
    assert [bar.get_height() for bar in ablation.patches[:3]] == [0.9, 0.8, 0.7]
    shown = lines(frames)
    mean = 100 * data["by_time"].sel(parameter="k2", sequence="strain").mean("sample")
    np.testing.assert_allclose(shown["$k_2$"][:, 1], mean)
    np.testing.assert_allclose(maps[2].images[0].get_array(), 100 * data["strain_map"][2])
