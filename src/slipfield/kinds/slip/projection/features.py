"""Features of a measurement: its residual to the reference, projected on the sensitivities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.projection.resample import remaining_window, resample
from slipfield.kinds.slip.study import Noise

SUPPORT = (0.1, 0.25, 0.55, 1.0)
"""Frames, as shares of all, whose sensitivities span the space that all frames are projected on."""

RIDGE = 1e-3
"""Added to the unit diagonal of the normal equations: support fields are nearly collinear."""

MINIMUM_SHARE = 0.05
"""A frame with a smaller share of its nodes measured counts as missing."""

STRAIN_ACCURACY, LOAD_ACCURACY = 1e-5, 1e-4
"""Accuracy of the simulations themselves: noise is never taken to be less."""


@dataclass(frozen=True)
class Projection:
    """One projected measurement.

    Attributes
    ----------
    coefficients : ndarray (time, support)
        Of the support fields in each frame's residual; NaN for missing frames.
    load : ndarray (time,)
        ln(load / reference load); NaN where missing.
    residual : ndarray (time,), 1
        Root mean square strain that the support fields do not explain; NaN for missing frames.
    share : ndarray (time,)
        Share of the nodes and components that was measured.
    """

    coefficients: np.ndarray
    load: np.ndarray
    residual: np.ndarray
    share: np.ndarray

    @property
    def vector(self) -> np.ndarray:
        """All features, (time * support + time,): frame by frame, then the loads."""
        return np.concatenate([self.coefficients.ravel(), self.load])


def support_frames(count: int) -> np.ndarray:
    """Frames (from 0) of ``count`` that :data:`SUPPORT` names, without repetition."""
    return np.unique([max(round(share * count) - 1, 0) for share in SUPPORT])


class Projector:
    """Projects measurements of one specimen on the sensitivities of its reference run.

    Frame by frame the coefficients theta solve (B'B + r D) theta = B' (strain - strain0), B being
    the derivatives d strain / d ln k at the support frames, D the diagonal of B'B and r a small
    ridge. One basis for all frames costs one factorisation, and the sensitivities of other frames
    describe what a change of ln k does beyond first order. All of it in double precision: support
    fields are nearly collinear.

    Parameters
    ----------
    reference : Reference
    width : float
        Width of the averaging, in cells of the reference, that measurements on another grid are
        brought to; what they have been averaged over themselves is part of it.
    """

    def __init__(self, reference: Reference, width: float = 0.0) -> None:
        self.reference, self.width = reference, width
        frames = support_frames(len(reference.time))
        basis = reference.strain_rates[:, frames]
        self._basis = basis.reshape(3 * len(frames), -1).astype(np.float64)
        self._start = reference.strain.reshape(len(reference.time), -1).astype(np.float64)
        self._gram = self._basis @ self._basis.T

    @property
    def support(self) -> int:
        """Number of support fields."""
        return len(self._basis)

    def project(self, strain: np.ndarray, load: np.ndarray) -> Projection:
        """Project one measurement.

        Parameters
        ----------
        strain : ndarray (time, component, y, x), 1
            NaN where not measured; a grid unlike the reference's is averaged at its nodes.
        load : ndarray (time,), N
            NaN where not measured.

        Raises
        ------
        SlipfieldError
            If frames or components are not those of the reference.
        """
        expected = self.reference.strain.shape
        if strain.shape[:2] != expected[:2] or load.shape != expected[:1]:
            raise SlipfieldError(
                f"measurement: given strain {strain.shape} and load {load.shape}; the reference "
                f"has (time, component) = {expected[:2]}: bring the frames to its times"
            )
        if strain.shape[2:] != expected[2:]:
            nodes = zip(expected[2:], strain.shape[2:], strict=True)
            spacing = [(own - 1) / (given - 1) for own, given in nodes]
            along_y, along_x = (remaining_window(self.width, each) for each in spacing)
            strain = resample(strain, expected[2:], (along_y, along_x))
        deviation = strain.reshape(len(strain), -1) - self._start
        known = np.isfinite(deviation)
        if known.all():
            coefficients, residual = self._solve(deviation, self._basis, self._gram)
        else:
            rows = [self._masked(*row) for row in zip(deviation, known, strict=True)]
            coefficients, residual = (np.array(column) for column in zip(*rows, strict=True))
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = load / self.reference.load
            logarithm = np.log(np.where(ratio > 0, ratio, np.nan))
        return Projection(coefficients, logarithm, residual, known.mean(axis=1))

    def project_frame(self, deviation: np.ndarray) -> tuple[np.ndarray, float, float]:
        """Coefficients (support,), what they leave, and the share of what is known of one frame.

        ``deviation`` (3 y x,) is its strain minus that of the reference, NaN where not measured.
        """
        known = np.isfinite(deviation)
        if known.all():
            coefficients, residual = self._solve(deviation[None], self._basis, self._gram)
            return coefficients[0], float(residual[0]), 1.0
        return *self._masked(deviation, known), float(known.mean())

    def _masked(self, deviation: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, float]:
        """Project one frame of which only part was measured."""
        if known.mean() < MINIMUM_SHARE:
            return np.full(self.support, np.nan), np.nan
        basis = self._basis[:, known]
        coefficients, residual = self._solve(deviation[None, known], basis, basis @ basis.T)
        return coefficients[0], residual[0]

    @staticmethod
    def _solve(
        deviation: np.ndarray, basis: np.ndarray, gram: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (time, support) and root mean square of what they leave (time,)."""
        products = deviation @ basis.T
        coefficients = products @ _scaled_spectrum(gram, lambda values: 1 / (values + RIDGE))
        square = np.square(deviation).sum(axis=1)
        square += ((coefficients @ gram - 2 * products) * coefficients).sum(axis=1)
        return coefficients, np.sqrt(np.maximum(square, 0) / deviation.shape[1])

    def thinning(self, nodes: tuple[int, ...]) -> float:
        """Factor on the noise of measurements with ``nodes`` along y and x, averaged to ours."""
        own = np.prod(self.reference.strain.shape[-2:])
        return float(min(1.0, np.sqrt(own / np.prod(nodes))))

    @property
    def noise_shape(self) -> np.ndarray:
        """Covariance of one frame's coefficients for strain noise of unit variance, (q, q)."""
        return _scaled_spectrum(self._gram, lambda values: values / (values + RIDGE) ** 2)


def _scaled_spectrum(gram: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Apply a function to the eigenvalues of B'B of unit-norm fields; undo the scaling, (q, q)."""
    norm = np.sqrt(np.diag(gram))
    norm = np.where(norm > 0, norm, 1)
    scale = np.outer(norm, norm)
    values, vectors = np.linalg.eigh(gram / scale)
    return (vectors * function(np.maximum(values, 0))) @ vectors.T / scale


def noise_covariance(shape: np.ndarray, strain_std: np.ndarray, load_std: np.ndarray) -> np.ndarray:
    """Covariance of a feature vector under white noise of strain and load, (f, f).

    Parameters
    ----------
    shape : ndarray (q, q)
        :attr:`Projector.noise_shape`, of one specimen or averaged over several.
    strain_std : ndarray (time,), 1
        Standard deviation of the strain in each frame; raised to :data:`STRAIN_ACCURACY`.
    load_std : ndarray (time,), 1
        Relative standard deviation of the load; raised to :data:`LOAD_ACCURACY`.
    """
    strain_variance = np.square(np.maximum(strain_std, STRAIN_ACCURACY))
    load_variance = np.square(np.maximum(load_std, LOAD_ACCURACY))
    return block_diag(np.kron(np.diag(strain_variance), shape), np.diag(load_variance))


def white_noise(shape: np.ndarray, frames: int, noise: Noise) -> np.ndarray:
    """Covariance of a feature vector under the study's noise, (f, f)."""
    each = np.ones(frames)
    return noise_covariance(shape, noise.strain_std * each, noise.load_relative_std * each)
