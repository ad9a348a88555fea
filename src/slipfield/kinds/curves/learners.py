"""Learners that predict the parameters of Ludwik's law, and the rule that they have to beat.

All answer with curves in closed form, which rise by construction and have the modulus as initial
slope where it is given.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, Protocol

import numpy as np

from slipfield.kinds.curves.alloys import Alloy
from slipfield.kinds.curves.curve_set import CurveSet
from slipfield.kinds.curves.features import knows_ludwik, knows_modulus, scalars
from slipfield.kinds.curves.laws import Ludwik
from slipfield.kinds.curves.pinning import PAPER_EXPONENT, paper_strength
from slipfield.kinds.curves.uniaxial import stress_at

TREES = 120
HIDDEN = (24, 24)
WEIGHT_DECAY = 0.3
NETWORKS, ITERATIONS = 3, 120
"""Networks of an ensemble, each trained without a part of the rows, and steps of a training."""


class Learner(Protocol):
    """What every learner of curves does."""

    def fit(self, training: CurveSet, validation: CurveSet, setting: int, seed: int) -> None:
        """Learn from curves; ``setting`` says which features count."""

    def predict(self, alloys: Sequence[Alloy], strain: np.ndarray) -> np.ndarray:
        """True stress (alloys, strains), MPa, at true strains (strains,), 1."""

    def predict_left_out(self, training: CurveSet) -> np.ndarray | None:
        """True stress (alloys, strains), MPa, of training rows by members that did not see them.

        None if there are none. These are honest errors, of which bands are made.
        """


class LudwikLearner:
    """A learner that predicts K - sigma_u, ln n and, if it is not told, ln E."""

    def fit(self, training: CurveSet, validation: CurveSet, setting: int, seed: int) -> None:
        """Learn the parameters of the training alloys."""
        self.setting = setting
        alloys = training.alloys
        targets = [[a.excess_MPa, np.log(a.exponent), np.log(a.modulus_GPa)] for a in alloys]
        self.left_out = self.learn(scalars(alloys, setting), np.array(targets), seed)

    def learn(self, inputs: np.ndarray, targets: np.ndarray, seed: int) -> np.ndarray:
        """Learn targets (alloys, 3) from inputs (alloys, features).

        Returns
        -------
        (alloys, 3) answers to the same rows by members that did not see them.
        """
        raise NotImplementedError

    def answer(self, inputs: np.ndarray) -> np.ndarray:
        """Targets (alloys, 3) of inputs (alloys, features)."""
        raise NotImplementedError

    def laws(self, alloys: Sequence[Alloy]) -> list[tuple[Ludwik, float]]:
        """Law and modulus, MPa, of alloys."""
        return self._laws(alloys, self.answer(scalars(alloys, self.setting)))

    def _laws(self, alloys: Sequence[Alloy], answers: np.ndarray) -> list[tuple[Ludwik, float]]:
        """Laws of answers (alloys, 3); what the setting tells is taken as it is."""
        found = []
        for alloy, (excess, log_exponent, log_modulus) in zip(alloys, answers, strict=True):
            strength = max(alloy.strength_MPa + excess, 1.0)
            if knows_ludwik(self.setting):
                strength = alloy.ludwik_MPa
            modulus = 1e3 * float(np.exp(log_modulus))
            if knows_modulus(self.setting):
                modulus = alloy.modulus_MPa
            exponent = float(np.exp(min(log_exponent, 0.0)))
            found.append((Ludwik(alloy.proof_stress_MPa, float(strength), exponent), modulus))
        return found

    def predict(self, alloys: Sequence[Alloy], strain: np.ndarray) -> np.ndarray:
        """True stress (alloys, strains), MPa, at true strains (strains,), 1."""
        return _curves(self.laws(alloys), strain)

    def predict_left_out(self, training: CurveSet) -> np.ndarray:
        """True stress (alloys, strains), MPa, of training rows by members that did not see them."""
        return _curves(self._laws(training.alloys, self.left_out), training.strain)


def _curves(laws: Sequence[tuple[Ludwik, float]], strain: np.ndarray) -> np.ndarray:
    """True stress (laws, strains), MPa, at true strains (strains,), 1, of all laws at once."""
    rows: list[Any] = [(*astuple(law), modulus) for law, modulus in laws]
    onset, strength, exponent, modulus = np.array(rows).T[:, :, None]
    every = Ludwik(onset, strength, exponent)
    grid = np.broadcast_to(strain, (len(rows), len(strain)))
    return stress_at(every, modulus, grid)


class Rule(LudwikLearner):
    """K = sigma_u + 60 MPa below 860 MPa and sigma_u above; n = 0.3; the median modulus.

    Threshold and step were read off the whole table, so that it has seen the test alloys.
    """

    def learn(self, inputs: np.ndarray, targets: np.ndarray, seed: int) -> np.ndarray:
        """Keep the median modulus."""
        self.log_modulus = float(np.median(targets[:, 2]))
        without = self.answer(inputs)
        for row in range(len(inputs)):
            without[row, 2] = np.median(np.delete(targets[:, 2], row))
        return without

    def answer(self, inputs: np.ndarray) -> np.ndarray:
        """Excess by the rule; the second feature of every setting is the strength."""
        excess = [paper_strength(strength) - strength for strength in inputs[:, 1]]
        constant = (
            np.full(len(inputs), np.log(PAPER_EXPONENT)),
            np.full(len(inputs), self.log_modulus),
        )
        return np.column_stack([excess, *constant])


class LudwikForest(LudwikLearner):
    """Extremely randomised trees (Geurts, Ernst & Wehenkel, Mach. Learn. 63, 3, 2006).

    Every tree is grown on a bootstrap of the rows: a third of the trees has not seen a row.
    """

    def learn(self, inputs: np.ndarray, targets: np.ndarray, seed: int) -> np.ndarray:
        """Grow the trees, one forest for each target that varies."""
        from sklearn.ensemble import ExtraTreesRegressor

        self.columns: list[Any] = []
        without = np.array(targets)
        for number, target in enumerate(targets.T):
            if np.ptp(target) < 1e-12:
                self.columns.append(float(target[0]))
                continue
            forest = ExtraTreesRegressor(
                n_estimators=TREES, bootstrap=True, oob_score=True, random_state=seed, n_jobs=1
            )
            self.columns.append(forest.fit(inputs, target))
            without[:, number] = forest.oob_prediction_
        return without

    def answer(self, inputs: np.ndarray) -> np.ndarray:
        """Mean of the trees."""
        return np.column_stack(
            [
                np.full(len(inputs), known) if isinstance(known, float) else known.predict(inputs)
                for known in self.columns
            ]
        )


class LudwikNetwork(LudwikLearner):
    """Small networks to those of (K - sigma_u, ln n, ln E) that vary, averaged.

    Each is trained without its part of the rows.
    """

    def learn(self, inputs: np.ndarray, targets: np.ndarray, seed: int) -> np.ndarray:
        """Train the networks on standardised logarithms of the features."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor

        logs = np.log(inputs)
        self.centre, self.scale = logs.mean(0), logs.std(0) + 1e-12
        self.middle, self.varies = targets.mean(0), np.ptp(targets, axis=0) > 1e-12
        self.spread = targets[:, self.varies].std(0)
        wanted = (targets - self.middle)[:, self.varies] / self.spread
        settings: dict[str, Any] = {
            "hidden_layer_sizes": HIDDEN,
            "activation": "tanh",
            "solver": "lbfgs",
            "alpha": WEIGHT_DECAY,
            "max_iter": ITERATIONS,
        }
        parts = np.random.default_rng(seed).permutation(len(inputs)) % NETWORKS
        without = np.empty_like(targets)
        self.networks: list[Any] = []
        with warnings.catch_warnings():  # a network that has not converged is one of several
            warnings.simplefilter("ignore", ConvergenceWarning)
            for number in range(NETWORKS):
                seen = parts != number
                network = MLPRegressor(random_state=seed + number, **settings)
                network.fit(self._scaled(inputs[seen]), wanted[seen].squeeze())
                self.networks.append(network)
                without[~seen] = self._answer(inputs[~seen], [network])
        return without

    def answer(self, inputs: np.ndarray) -> np.ndarray:
        """Mean of the networks."""
        return self._answer(inputs, self.networks)

    def _scaled(self, inputs: np.ndarray) -> np.ndarray:
        return (np.log(inputs) - self.centre) / self.scale

    def _answer(self, inputs: np.ndarray, networks: Sequence[Any]) -> np.ndarray:
        mean = np.mean([network.predict(self._scaled(inputs)) for network in networks], axis=0)
        answers = np.tile(self.middle, (len(inputs), 1))
        answers[:, self.varies] += self.spread * mean.reshape(len(inputs), -1)
        return answers
