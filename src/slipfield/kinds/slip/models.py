"""The inverters of this kind in one table: where each lives, how it looks, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass

from slipfield.core.kind import Model


@dataclass(frozen=True, kw_only=True)
class SlipModel(Model):
    """An inverter, as :mod:`slipfield.kinds.slip.learning.inverter` describes its class.

    Attributes
    ----------
    fewest_samples : samples, validation included, below which it cannot be trained.
    reads_references : whether it needs a reference run on every grain map.
    by_epochs : whether its training passes the fields in epochs, which sets its memory, its time
        and whether a GPU helps; the others read every sample once.
    hardening : the law of hardening that it rests on; "": any.
    published : where the paper shows its predictions.
    note : what a reader of its scores should know.
    """

    fewest_samples: int
    reads_references: bool = False
    by_epochs: bool = False
    hardening: str = ""
    published: str = ""
    note: str = ""


NETWORK = "cnn_lstm"
"""Name of the network: the model of sweeps, of attribution and of the figures on trainings."""

EQUILIBRIUM = "equilibrium"
"""Name of the equilibrium network, whose features take longest to make."""

MODELS = {
    "projection": SlipModel(
        estimator="slipfield.kinds.slip.projection.inverter:ProjectionInverter",
        title="sensitivity projection",
        colour="#0072B2",
        marker="o",
        fewest_samples=10,
        reads_references=True,
    ),
    EQUILIBRIUM: SlipModel(
        estimator="slipfield.kinds.slip.equilibrium.inverter:EquilibriumInverter",
        title="equilibrium network",
        colour="#009E73",
        marker="^",
        fewest_samples=30,
        hardening="linear",
    ),
    NETWORK: SlipModel(
        estimator="slipfield.kinds.slip.cnn_lstm.network_inverter:NetworkInverter",
        title="CNN-LSTM network",
        colour="#E69F00",
        marker="s",
        fewest_samples=2,
        by_epochs=True,
        published="as figure 10 of the published study",
        note="Published R²: 0.971, 0.967, 0.937, on another dataset of 22,000 samples.",
    ),
}
"""Every inverter by its name in study files and model folders."""
