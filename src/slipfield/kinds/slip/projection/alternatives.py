"""Other learners on the same features, for comparison: none of them is part of the product."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

COMPONENTS = 20


def _components() -> tuple:
    """Leading principal components of whitened features, each of unit variance."""
    return PCA(COMPONENTS, random_state=0), StandardScaler()


def _gaussian_process() -> RegressorMixin:
    kernel = ConstantKernel(1.0) * RBF(np.full(COMPONENTS, 10.0), (1, 1e4)) + WhiteKernel(1e-4)
    return MultiOutputRegressor(GaussianProcessRegressor(kernel, normalize_y=True))


LEARNERS: dict[str, Callable[[], RegressorMixin]] = {
    "linear ridge": lambda: make_pipeline(StandardScaler(), RidgeCV(np.logspace(-6, 2, 17))),
    "quadratic ridge": lambda: make_pipeline(
        *_components(), PolynomialFeatures(2), RidgeCV(np.logspace(-6, 2, 17))
    ),
    "Gaussian process": lambda: make_pipeline(*_components(), _gaussian_process()),
    "small network": lambda: make_pipeline(
        *_components(),
        MLPRegressor(hidden_layer_sizes=(64, 64), alpha=1e-3, max_iter=4000, random_state=0),
    ),
    "boosted trees": lambda: make_pipeline(
        *_components(), MultiOutputRegressor(HistGradientBoostingRegressor(max_iter=500))
    ),
}
"""Learners of ln k; each standardises its inputs."""


def predict(
    name: str,
    features: np.ndarray,
    log_parameters: np.ndarray,
    test: np.ndarray,
    noise: np.ndarray,
) -> np.ndarray:
    """Fit learner ``name`` to noisy features and predict ln k, (m, 3), of others.

    Parameters
    ----------
    features, test : ndarray (n, f), (m, f)
    log_parameters : ndarray (n, 3)
    noise : ndarray (f, f)
        Covariance of the noise, by which the features are whitened first.
    """
    whiten = np.linalg.inv(np.linalg.cholesky(noise)).T
    features, test = features @ whiten, test @ whiten
    scaler = StandardScaler().fit(log_parameters)
    with warnings.catch_warnings():
        # components that carry nothing drive their length scale to its bound
        warnings.simplefilter("ignore", ConvergenceWarning)
        learner = LEARNERS[name]().fit(features, scaler.transform(log_parameters))
    return scaler.inverse_transform(learner.predict(test))
