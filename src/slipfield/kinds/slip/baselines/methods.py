"""The methods that are compared: textbook regressions, and every registered inverter."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from slipfield.kinds.slip.baselines.summary import summarise_samples
from slipfield.kinds.slip.dataset.collection import Collection
from slipfield.kinds.slip.learning.inverter import IntervalInverter, inverter_class
from slipfield.kinds.slip.learning.run import LEVEL
from slipfield.kinds.slip.learning.split import Split, groups_of
from slipfield.kinds.slip.models import MODELS
from slipfield.kinds.slip.study import Study

COMPONENTS = 60
FOLDS = 4
RIDGES = np.logspace(-2, 6, 9)


def _ridge(groups: int, *steps: TransformerMixin) -> BaseEstimator:
    """Ridge regression whose penalty is chosen on groups left out."""
    pipeline = make_pipeline(StandardScaler(), *steps, Ridge())
    return GridSearchCV(pipeline, {"ridge__alpha": RIDGES}, cv=GroupKFold(min(FOLDS, groups)))


def _components(count: int, frames: int) -> TransformerMixin:
    """Leading components of the image; the loads, which stand first, pass."""
    components = PCA(min(COMPONENTS, count // 2), random_state=0)
    return make_column_transformer(("passthrough", slice(0, frames)), remainder=components)


REGRESSIONS: dict[str, tuple[str, Callable[[int, int, int], BaseEstimator]]] = {
    "mean": ("bands", lambda count, groups, frames: DummyRegressor()),
    "ridge_bands": ("bands", lambda count, groups, frames: _ridge(groups)),
    "ridge_pca": (
        "image",
        lambda count, groups, frames: _ridge(groups, _components(count, frames), StandardScaler()),
    ),
    "boosted_trees": (
        "bands",
        lambda count, groups, frames: MultiOutputRegressor(
            HistGradientBoostingRegressor(max_iter=200, min_samples_leaf=5, random_state=0)
        ),
    ),
}
"""Regressions of ln k (of k itself for the mean) on the features of a summary."""

METHODS = (*REGRESSIONS, *MODELS)


@dataclass(frozen=True)
class Outcome:
    """Predictions of the test rows, and what the training cost.

    Attributes
    ----------
    predicted : ndarray (n, 3)
    ends : tuple of ndarray (n, 3), or None
        Lower and upper ends of 95 % intervals.
    cpu_seconds : float
    """

    predicted: np.ndarray
    ends: tuple[np.ndarray, np.ndarray] | None
    cpu_seconds: float


def run_method(name: str, study: Study, dataset: Collection, split: Split, work: Path) -> Outcome:
    """Train method ``name`` on a split and predict its test rows."""
    if name in REGRESSIONS:
        return _regression(name, study, dataset, split)
    inverter = inverter_class(name)(study)
    started = time.process_time()
    inverter.fit(dataset, split.train, split.validation, work)
    seconds = time.process_time() - started
    ends = None
    if isinstance(inverter, IntervalInverter):
        ends = inverter.predict_interval(dataset, split.test, LEVEL)
    return Outcome(inverter.predict(dataset, split.test), ends, seconds)


def _regression(name: str, study: Study, dataset: Collection, split: Split) -> Outcome:
    kind, make = REGRESSIONS[name]
    features = getattr(summarise_samples(dataset), kind)
    rows = np.sort(np.concatenate([split.train, split.validation]))
    forward, back = (np.asarray, np.asarray) if name == "mean" else (np.log, np.exp)
    started = time.process_time()
    groups = groups_of(dataset, study.learning.split)[rows]
    model = make(len(rows), len(np.unique(groups)), len(dataset.time))
    grouped = {"groups": groups} if isinstance(model, GridSearchCV) else {}
    model.fit(features[rows], forward(dataset.parameters[rows]), **grouped)
    seconds = time.process_time() - started
    return Outcome(back(model.predict(features[split.test])), None, seconds)


def reduced(split: Split, groups: np.ndarray, count: int, validation_fraction: float) -> Split:
    """Keep ``count`` training samples: whole groups in a fixed order, the last one cut.

    Of these the share ``validation_fraction``, again whole groups, becomes validation. ``groups``
    has the group of every row of the dataset: its microstructure, or the sample itself.
    """
    rows = np.concatenate([split.train, split.validation])
    owners = groups[rows]
    order = np.random.default_rng(0).permutation(np.unique(owners))
    kept = np.concatenate([np.sort(rows[owners == owner]) for owner in order])[:count]
    owners = groups[kept]
    names = order[np.isin(order, owners)]
    held = names[: max(1, round(validation_fraction * len(names)))]
    is_held = np.isin(owners, held)
    return replace(split, train=np.sort(kept[~is_held]), validation=np.sort(kept[is_held]))
