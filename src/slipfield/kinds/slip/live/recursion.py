"""Frame by frame: what is measured becomes a few features, the features an estimate.

A frame is averaged at the nodes, compared with the forward run at the same elongation, and
projected on the run's sensitivities: a dozen numbers for each output of the model that it lies at
or after. These numbers are all that is kept of it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.inversion.answers import Answer, Model, judged_noise
from slipfield.kinds.slip.inversion.estimates import with_scatter
from slipfield.kinds.slip.learning.intervals import conformal_factors, held_level
from slipfield.kinds.slip.live.gauss_newton import Features
from slipfield.kinds.slip.measure.resample import NODES, Measurement
from slipfield.kinds.slip.measure.times import NEAR, between_frames, interpolate
from slipfield.kinds.slip.projection.features import Projection, Projector
from slipfield.kinds.slip.projection.inverter import LEVEL, ProjectionInverter
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import Noise
from slipfield.kinds.slip.thickness.factor import load_exponent
from slipfield.kinds.slip.thickness.prior import SheetFactor


@dataclass(frozen=True)
class State:
    """What is known after a frame.

    Attributes
    ----------
    answer : estimate with its 95 % interval.
    deviation : (3,) standard deviations of ln k by the density alone.
    at_end : (3,) the same after the planned end of the loading, if no frame or load is missing.
    told : (3,) bool, whether the 95 % interval is narrower than the range of the training.
    """

    answer: Answer
    deviation: np.ndarray
    at_end: np.ndarray
    told: np.ndarray


class Recursion:
    """Estimates of one specimen, frame by frame.

    Parameters
    ----------
    model : a projection inverter.
    run : forward run on the specimen's grain map at the centre of the sampling box.
    wanted : (outputs,) times of the run that stand for the model's outputs, s.
    template : the measured points, their gauge and the mesh; its values do not count.
    load_noise : standard deviation of the load relative to itself.
    factor : of the sheet's thickness on the load; None for a membrane.
    """

    def __init__(
        self,
        model: Model,
        run: Reference,
        wanted: np.ndarray,
        template: Measurement,
        load_noise: float,
        factor: SheetFactor | None = None,
    ) -> None:
        if not isinstance(model.inverter, ProjectionInverter):
            raise SlipfieldError(
                f"{model.folder}: a {model.name} model; a live test needs a projection inverter"
            )
        self.model, self.inverter = model, model.inverter
        self.factor = None if model.knows_thickness else factor
        width = self.inverter.width if model.adapted else NODES
        self.run, self.wanted = template.seen(run, width), wanted
        self.template, self.load_noise = template, load_noise
        self.windows = template.windows(self.inverter.width) if model.adapted else None
        self.projector = Projector(self.run.at(wanted), self.inverter.width)
        self._clear()

    def _clear(self) -> None:
        outputs, support = len(self.wanted), self.projector.support
        self.coefficients = np.full((outputs, support), np.nan)
        self.residual, self.share = np.full(outputs, np.nan), np.zeros(outputs)
        self.times: list[float] = []
        self.loads: list[tuple[float, np.ndarray]] = []  # of the run and their rates, at the times
        self.deviations: list[np.ndarray] = []
        self.last = np.array(self.inverter.emulator.centre)
        self.finished = False

    def fresh(self) -> Recursion:
        """The same without a frame."""
        other = copy.copy(self)
        other._clear()
        return other

    def add(self, at: float, points: np.ndarray) -> None:
        """Take in a frame: time ``at`` of the run, s, and strain (3, n) at the measured points.

        Raises
        ------
        SlipfieldError
            If the frame is not later than the last one.
        """
        if self.times and at <= self.times[-1]:
            raise SlipfieldError(
                f"the sheet is not stretched beyond the frame before ({at:.4g} s of the planned "
                f"loading, {self.times[-1]:.4g} s there)"
            )
        strain, load, rates = self._at(at)
        self.times.append(at)
        self.loads.append((load, rates))
        self.deviations = [*self.deviations[-1:], self._nodal(points) - strain]
        self._project(self.reached)

    def _nodal(self, points: np.ndarray) -> np.ndarray:
        """Strain (3, y, x) at the nodes."""
        if self.windows is not None:
            return self.windows.means(points[None])[0]
        one = replace(self.template, time=np.zeros(1), points=points[None], load=np.full(1, np.nan))
        return one.averaged(self.inverter.width)[0] if self.model.adapted else one.nodal[0]

    def _at(self, time: float) -> tuple[np.ndarray, float, np.ndarray]:
        """Strain, load and rates of the load of the run, straight between its outputs."""
        run = self.run
        after = int(np.clip(np.searchsorted(run.time, time), 0, len(run.time) - 1))
        if np.isclose(run.time[after], time, rtol=0, atol=1e-9 * run.time[-1]):
            return run.strain[after], float(run.load[after]), run.load_rates[:, after]
        before = after - 1
        start = 0.0 if before < 0 else float(run.time[before])
        share = min((time - start) / (float(run.time[after]) - start), 1.0)
        parts = []
        for values in (run.strain, run.load, np.moveaxis(run.load_rates, 1, 0)):
            low = np.zeros_like(values[0]) if before < 0 else values[before]
            parts.append(low + share * (values[after] - low))
        return parts[0], float(parts[1]), parts[2]

    def finish(self) -> None:
        """No frame will follow: estimates are those of a finished test from now on.

        Outputs shortly behind the last frame are carried on from it, and the arithmetic is that of
        finished tests, ten times dearer. Noise of neighbouring features is nearly dependent, so
        that two ways to weigh it differ by some 1e-6 in ln k.
        """
        ahead = ~self.reached
        self.finished = True
        self._project(ahead)

    @property
    def reached(self) -> np.ndarray:
        """Outputs (outputs,) bool that the frames so far have come to; all, if none will follow."""
        near = NEAR * self.wanted[-1] / len(self.wanted)
        return (self.wanted <= self.times[-1] + near) | self.finished

    def _project(self, outputs: np.ndarray) -> None:
        """Project those of the outputs (outputs,) bool that the last frame tells of."""
        frames = np.array(self.times)
        weights = between_frames(frames, self.wanted)
        new = outputs & (weights[:, -1] != 0)
        kept = len(self.deviations)
        for row in np.flatnonzero(new):
            own = np.concatenate(
                [weights[row : row + 1, :1], weights[row : row + 1, -kept:]], axis=1
            )
            deviation = interpolate(own, np.array(self.deviations), 0.0)[0].reshape(-1)
            found = self.projector.project_frame(deviation)
            self.coefficients[row], self.residual[row], self.share[row] = found

    def state(self, load: np.ndarray) -> State:
        """Estimate from all frames so far; ``load`` (frames,) N at them, NaN: not known."""
        weights = between_frames(np.array(self.times), self.wanted)
        weights[~self.reached] = 0.0
        ratios = self._load_ratios(load)
        drawn = np.array([interpolate(weights, ratio, None) for ratio in ratios])
        logs = np.log(np.where(drawn > 0, drawn, np.nan))
        repetition = max(1.0, np.count_nonzero(weights.any(axis=1)) / len(self.times))
        noise = judged_noise(self.model.study.noise, self.residual, repetition, self.load_noise)
        rows = [np.concatenate([self.coefficients.ravel(), each]) for each in logs]
        covariance = self._noise(noise)
        answers = [self._answer(row, covariance) for row in rows]
        answer = answers[0] if self.factor is None else with_scatter(*answers)
        self.last = np.log(answer.parameters)
        parts = self._features(rows[0], covariance), self._whole(noise, load)
        now, at_end = (np.diag(each.covariance(self.last)) for each in parts)
        told = np.log(answer.high / answer.low) < 2 * self.inverter.emulator.half
        return State(answer, np.sqrt(now), np.sqrt(np.minimum(at_end, now)), told)

    def _load_ratios(self, load: np.ndarray) -> list[np.ndarray]:
        """Load over the run's at the frames: as it is, or for three values of the factor M."""
        own = np.array([load for load, _ in self.loads])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(own != 0, load / own, np.nan)
        if self.factor is None:
            return [ratio]
        along = self.factor.along(self.run.parameters)
        exponent = load_exponent(along, own, np.array([rates for _, rates in self.loads]).T)
        steps = self.factor.mean + self.factor.deviation * np.array([0.0, -1.0, 1.0])
        return [ratio * np.exp(-ln_m * exponent) for ln_m in steps]

    def _noise(self, noise: Noise, full: bool = False) -> np.ndarray:
        """Covariance (f, f) of the features' noise; ``full``: as if every node were measured."""
        share = np.ones_like(self.share) if full else self.share
        empty = np.empty(0)
        projection = Projection(empty, empty, empty, share)
        nodes = self.template.mesh.shape
        return self.inverter.feature_noise(noise, self.projector, projection, nodes)

    def _features(self, row: np.ndarray, noise: np.ndarray) -> Features:
        emulator = self.inverter.emulator
        return Features(emulator, np.isfinite(row) & emulator.used, noise)

    def _whole(self, noise: Noise, load: np.ndarray) -> Features:
        """All features of the model, without those of the load if none was measured."""
        emulator = self.inverter.emulator
        used = emulator.used.copy()
        if not np.isfinite(load).any():
            used[-len(self.wanted) :] = False
        return Features(emulator, used, self._noise(noise, full=True))

    def _answer(self, row: np.ndarray, noise: np.ndarray) -> Answer:
        """Estimate of one row of features, its interval widened as that of a finished test."""
        inverter, usual = self.inverter, self._noise(self.model.study.noise)
        if not (np.isfinite(row) & inverter.emulator.used).any():
            raise SlipfieldError("frames: none has reached an output of the model yet")
        found, covariance = self._solve(row, noise, self.last)
        as_trained = found
        if not np.array_equal(noise, usual):
            as_trained, _ = self._solve(row, usual, found)
        is_load = np.arange(len(row)) >= len(row) - len(self.wanted)
        misfits = {
            name: self._misfit(np.where(own, row, np.nan), usual, as_trained)
            for name, own in {"strain": ~is_load, "load": is_load}.items()
        }
        unusual = {
            name: misfit / inverter.limits[name]
            for name, misfit in misfits.items()
            if np.isfinite(misfit)
        }
        half = conformal_factors(inverter.scores, LEVEL) * np.sqrt(np.diag(covariance))
        half *= np.sqrt(max(1.0, *unusual.values()))
        level = held_level(inverter.calibration_samples, LEVEL)
        ends = np.exp(found - half), np.exp(found + half)
        return Answer(self.model.name, np.exp(found), *ends, 0.0, level, unusual)

    def _solve(
        self, row: np.ndarray, noise: np.ndarray, start: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Most probable ln k (3,) of a row of features, and its covariance (3, 3)."""
        if self.finished:
            whole = self.inverter.emulator.estimate(row[None], noise)
            return whole.log_parameters[0], whole.covariance[0]
        features = self._features(row, noise)
        found = features.estimate(row, start)
        return found, features.covariance(found)

    def _misfit(self, row: np.ndarray, noise: np.ndarray, log_parameters: np.ndarray) -> float:
        """Misfit of a row of features at ln k; NaN without any."""
        if self.finished:
            emulator = self.inverter.emulator
            return float(emulator.misfit(row[None], log_parameters[None], noise)[0])
        return self._features(row, noise).misfit(row, log_parameters)
