"""Models of hardness by name: the published study's nine, and three that it lacks.

Each takes features (n, 4) and hardness (n,), and standardises the features itself. What has
settings chooses them within the rows that it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Self

import numpy as np


class Regressor(Protocol):
    """What a model is."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> Self:
        """Learn from features (n, 4) and hardness (n,), HV."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Hardness (n,), HV."""


class Line:
    """Least squares on the first feature alone, the solute content."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> Self:
        """Learn from features (n, 4) and hardness (n,)."""
        terms = np.column_stack([np.ones(len(x)), x[:, 0]])
        self.coefficients = np.linalg.lstsq(terms, y, rcond=None)[0]
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Hardness (n,)."""
        return self.coefficients[0] + self.coefficients[1] * x[:, 0]


class GaussianProcess:
    """Straight in all features plus smooth, with noise; its numbers maximise the likelihood."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> Self:
        """Learn from features (n, 4) and hardness (n,)."""
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

        kernel = ConstantKernel(1.0, (1e-2, 1e3)) * DotProduct(1.0, (1e-2, 1e2))
        kernel = kernel + ConstantKernel(0.1, (1e-4, 1e2)) * RBF(2.0, (0.5, 20))
        kernel = kernel + WhiteKernel(0.05, (1e-4, 1.0))
        self.model = _scaled(GaussianProcessRegressor(kernel, normalize_y=True, random_state=0))
        with warnings.catch_warnings():  # a number at its bound is an answer, too
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model.fit(x, y)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Hardness (n,)."""
        return self.model.predict(x)


def _scaled(estimator: Any) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), estimator)


def _ridge() -> Any:
    from sklearn.linear_model import RidgeCV

    return _scaled(RidgeCV(np.logspace(-3, 2, 11)))


class SupportVectors:
    """Support vectors; penalty and width by five-fold cross-validation, or as many as there are."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> Self:
        """Learn from features (n, 4) and hardness (n,), n of 2 or more."""
        from sklearn.compose import TransformedTargetRegressor
        from sklearn.model_selection import GridSearchCV
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVR

        grid = {"C": [1, 10, 100], "gamma": [0.02, 0.1]}
        folds = min(5, len(x))
        search = GridSearchCV(SVR(epsilon=0.05), grid, cv=folds, scoring="neg_mean_squared_error")
        self.model = _scaled(TransformedTargetRegressor(search, transformer=StandardScaler()))
        self.model.fit(x, y)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Hardness (n,)."""
        return self.model.predict(x)


def _tree() -> Any:
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(min_samples_leaf=2, random_state=0)


def _forest() -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(100, random_state=0)


def _boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(max_iter=60, min_samples_leaf=2, random_state=0)


def _network(name: str) -> Callable[[], Any]:
    def make() -> Any:
        from slipfield.kinds.hardness.networks import NetworkRegressor

        return NetworkRegressor(name)

    return make


MODELS: dict[str, tuple[str, Callable[[], Regressor]]] = {
    "line": ("straight line in the solute", Line),
    "ridge": ("ridge", _ridge),
    "gaussian-process": ("Gaussian process", GaussianProcess),
    "svr": ("support vectors", SupportVectors),
    "tree": ("decision tree", _tree),
    "forest": ("random forest", _forest),
    "boosting": ("gradient boosting of histograms (for XGBoost)", _boosting),
    "mlp": ("multilayer perceptron", _network("mlp")),
    "transformer": ("Transformer", _network("transformer")),
    "convlstm": ("ConvLSTM, 1-D", _network("convlstm")),
    "resnet18": ("ResNet18, 1-D, quarter width", _network("resnet18")),
    "vgg19": ("VGG19, 1-D, quarter width", _network("vgg19")),
}
"""Title and maker of each model."""

QUICK = ("line", "ridge", "gaussian-process", "svr", "tree")
"""Models that a nested choice can afford by default."""


def title(name: str) -> str:
    """Name of a model for readers."""
    return MODELS[name][0]


def make(name: str) -> Regressor:
    """New model of that name."""
    return MODELS[name][1]()
