"""Title and caption of each figure, for the report and for Snakemake's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caption:
    """Text of one figure; ``topic`` is the part of the study that it belongs to."""

    topic: str
    title: str
    text: str


SWEEP_TEXT = (
    "Left: R² on the test samples, mean and standard deviation over the trainings of each value; "
    "right: the lowest validation loss, which is what may choose. All other settings are those of "
    "the study."
)

CAPTIONS = {
    "microstructure": Caption(
        "Specimen",
        "Microstructure 0 (the paper's figure 1)",
        "(a) Grains in the inverse-pole-figure colours of the load axis. (b) Grain size "
        "D = √(d1² + d2²) of the minimum-area enclosing ellipse, with log-normal fits.",
    ),
    "design": Caption(
        "Specimen",
        "Sample design",
        "Every point is one simulated parameter set, seen along the three axes of the box.",
    ),
    "strain": Caption(
        "Simulation",
        "Strain fields at several steps (the paper's figure 3)",
        "The sample nearest to the centre of the sampling box that did not fail (k1 and k3 in "
        "MPa √mm, k2 in MPa). Every picture "
        "has a colour scale of its own, which leaves out the outermost percent of the nodes; thin "
        "lines are grain boundaries.",
    ),
    "loads": Caption(
        "Simulation",
        "Load curves and lattice rotation",
        "Top: reaction of the top edge. Bottom: mean angle by which the crystal lattice has turned "
        "since the start (not in shards of versions that did not measure it). One line for each "
        "sample (at most 300), coloured by each parameter in turn.",
    ),
    "loss": Caption(
        "Learning",
        "Loss during training (the paper's figure 9)",
        "Mean squared error of the scaled labels on training and validation samples; the weights "
        "of the epoch with the lowest validation loss are kept.",
    ),
    "predictions-projection": Caption(
        "Learning",
        "Projection inverter: predicted against true parameters",
        "Every point is one sample of the test set; on the diagonal the prediction is exact.",
    ),
    "predictions-equilibrium": Caption(
        "Learning",
        "Equilibrium network: predicted against true parameters",
        "Every point is one sample of the test set; on the diagonal the prediction is exact.",
    ),
    "predictions-cnn_lstm": Caption(
        "Learning",
        "CNN-LSTM network: predicted against true parameters (the paper's figure 10)",
        "Every point is one sample of the test set; on the diagonal the prediction is exact.",
    ),
    "attention": Caption(
        "Learning",
        "Attention weights (the paper's figure 11)",
        "Share of each input in the features that the recurrent layers read, over the loading; "
        "mean and spread over the test set.",
    ),
    "attribution": Caption(
        "Learning",
        "What the network's answers rest on",
        "Integrated gradients share out the difference between the answer for a specimen and that "
        "for the mean training specimen; means of absolute sums over test samples, in per cent of "
        "the answer's total or of the training range. Top left: by modality. Middle: R² when one "
        "modality is replaced by the mean training specimen's. Right: by frame. Bottom: by node "
        "of the strain fields; dotted lines are borders of the bands of grains. Attention "
        "says what is read, this says what counts.",
    ),
    "learning-curves": Caption(
        "Learning",
        "Learning curves",
        "1 - R² of each method on microstructures that no training saw (if the study has fewer "
        "than three: on other samples of the same ones), over the number of "
        "training samples; all methods share their samples.",
    ),
    "overview": Caption(
        "Overview",
        "The study in one picture",
        "Left and middle: what a specimen brings. Right: predicted against true parameters of the "
        "test set, as shares of the sampling box.",
    ),
    "table3": Caption("Settings", "Learning rate (the paper's table 3)", SWEEP_TEXT),
    "table4": Caption("Settings", "Batch size (the paper's table 4)", SWEEP_TEXT),
    "table5": Caption("Settings", "Depth of the CNN (the paper's table 5)", SWEEP_TEXT),
    "initialisation": Caption("Settings", "Initial weights: PyTorch's, or N(0, 1)", SWEEP_TEXT),
    "precision": Caption("Settings", "Precision of the training steps", SWEEP_TEXT),
    "runtime": Caption(
        "Cost",
        "Run times",
        "Left: CPU time of one sample. Right: wall-clock time of each stage, summed over its "
        "jobs, which may have run side by side.",
    ),
}
