"""The figures of a study in one table: what each shows, who draws it, and from which files."""

from __future__ import annotations

from dataclasses import dataclass

from slipfield.kinds.slip.cnn_lstm.settings import TABLES
from slipfield.kinds.slip.models import MODELS, NETWORK, SlipModel
from slipfield.kinds.slip.study import Study

DRAWING = "slipfield.kinds.slip.figures.drawing"
MANIFEST = "dataset/manifest.json"
TRAINED = "models/{model}/model.json"


@dataclass(frozen=True)
class Entry:
    """One figure.

    Attributes
    ----------
    topic, title, text : part of the study that it belongs to; its heading and caption.
    draw : "module:function" of (results, name of the figure).
    files : what the workflow waits for, below the study's folder; ``{model}`` stands for each
        inverter that the study trains.
    rests_on : folders and files that have to be of the study.
    section : key of the section of the report that shows it; "": none, or one that names it.
    model : inverter without which the figure is not drawn; "": none.
    asked : whether it is drawn only when somebody asks for it.
    """

    topic: str
    title: str
    text: str
    draw: str
    files: tuple[str, ...]
    rests_on: tuple[str, ...]
    section: str = ""
    model: str = ""
    asked: bool = False

    def shown(self, study: Study) -> bool:
        """Whether the report of a study has it."""
        return not self.asked and self.model in ("", *study.models)

    def needed(self, study: Study) -> list[str]:
        """Files that are needed to draw it, below the study's folder."""
        filled = (name.format(model=model) for name in self.files for model in study.models)
        return list(dict.fromkeys(filled))


SWEEP_TEXT = (
    "Left: R² on the test samples, mean and standard deviation over the trainings of each value; "
    "right: the lowest validation loss, which is what may choose. All other settings are those of "
    "the study."
)


def _predictions(name: str, model: SlipModel) -> Entry:
    title = f"{model.title}: predicted against true parameters"
    return Entry(
        "Learning",
        title[0].upper() + title[1:] + (f" ({model.published})" if model.published else ""),
        "Every point is one sample of the test set; on the diagonal the prediction is exact.",
        f"{DRAWING}:predictions",
        (f"models/{name}/model.json",),
        (f"models/{name}",),
        section="prediction",
        model=name,
    )


def _sweep(field: str, title: str) -> Entry:
    table = f"tables/{TABLES[field]}.json"
    return Entry(
        "Settings", title, SWEEP_TEXT, f"{DRAWING}:sweep", (table,), ("sweep",), asked=True
    )


FIGURES = {
    "microstructure": Entry(
        "Specimen",
        "Microstructure 0 (as figure 1 of the published study)",
        "(a) Grains in the inverse-pole-figure colours of the load axis. (b) Grain size "
        "D = √(d1² + d2²) of the minimum-area enclosing ellipse, with log-normal fits.",
        f"{DRAWING}:microstructure",
        ("microstructures/00000.nc",),
        ("microstructures",),
        section="specimen",
    ),
    "design": Entry(
        "Specimen",
        "Sample design",
        "Every point is one simulated parameter set, seen along the three axes of the box.",
        f"{DRAWING}:design",
        ("samples.csv",),
        ("samples.csv",),
        section="design",
    ),
    "strain": Entry(
        "Simulation",
        "Strain fields at several steps (as figure 3 of the published study)",
        "The sample nearest to the centre of the sampling box that did not fail (k1 and k3 in "
        "MPa √mm, k2 in MPa). Every picture "
        "has a colour scale of its own, which leaves out the outermost percent of the nodes; thin "
        "lines are grain boundaries.",
        f"{DRAWING}:strain",
        (MANIFEST,),
        ("microstructures", "shards"),
        section="simulation",
    ),
    "loads": Entry(
        "Simulation",
        "Load curves and lattice rotation",
        "Top: reaction of the top edge. Bottom: mean angle by which the crystal lattice has turned "
        "since the start (not in shards of versions that did not measure it). One line for each "
        "sample (at most 300), coloured by each parameter in turn.",
        f"{DRAWING}:loads",
        (MANIFEST,),
        ("shards",),
        section="simulation",
    ),
    "loss": Entry(
        "Learning",
        "Loss during training (as figure 9 of the published study)",
        "Mean squared error of the scaled labels on training and validation samples; the weights "
        "of the epoch with the lowest validation loss are kept.",
        f"{DRAWING}:loss",
        ("models/cnn_lstm/model.json",),
        (f"models/{NETWORK}",),
        section="training",
        model=NETWORK,
    ),
    **{f"predictions-{name}": _predictions(name, model) for name, model in MODELS.items()},
    "attention": Entry(
        "Learning",
        "Attention weights (as figure 11 of the published study)",
        "Share of each input in the features that the recurrent layers read, over the loading; "
        "mean and spread over the test set.",
        f"{DRAWING}:attention",
        ("models/cnn_lstm/model.json",),
        (f"models/{NETWORK}",),
        section="prediction",
        model=NETWORK,
    ),
    "attribution": Entry(
        "Learning",
        "What the network's answers rest on",
        "Integrated gradients share out the difference between the answer for a specimen and that "
        "for the mean training specimen; means of absolute sums over test samples, in per cent of "
        "the answer's total or of the training range. Top left: by modality. Middle: R² when one "
        "modality is replaced by the mean training specimen's. Right: by frame. Bottom: by node "
        "of the strain fields; dotted lines are borders of the bands of grains. Attention "
        "says what is read, this says what counts.",
        f"{DRAWING}:attribution",
        ("models/cnn_lstm/attribution.nc",),
        (f"models/{NETWORK}",),
        section="prediction",
        model=NETWORK,
    ),
    "learning-curves": Entry(
        "Learning",
        "Learning curves",
        "1 - R² of each method on microstructures that no training saw (if the study has fewer "
        "than three: on other samples of the same ones), over the number of "
        "training samples; all methods share their samples.",
        f"{DRAWING}:learning_curves",
        ("baselines/learning_curves.csv",),
        ("baselines",),
        section="curves",
        asked=True,
    ),
    "overview": Entry(
        "Overview",
        "The study in one picture",
        "Left and middle: what a specimen brings. Right: predicted against true parameters of the "
        "test set, as shares of the sampling box.",
        f"{DRAWING}:overview",
        (MANIFEST, TRAINED),
        ("microstructures", "shards", "models"),
    ),
    **{
        TABLES[field]: _sweep(field, title)
        for field, title in {
            "learning_rate": "Learning rate (the paper's table 3)",
            "batch_size": "Batch size (the paper's table 4)",
            "convolution_blocks": "Depth of the CNN (the paper's table 5)",
            "initialisation": "Initial weights: PyTorch's, or N(0, 1)",
            "precision": "Precision of the training steps",
        }.items()
    },
    "runtime": Entry(
        "Cost",
        "Run times",
        "Left: CPU time of one sample. Right: wall-clock time of each stage, summed over its "
        "jobs, which may have run side by side.",
        f"{DRAWING}:runtime",
        (TRAINED, "tables/table6.csv"),
        ("shards",),
        section="cost",
    ),
}


def drawn_together(study: Study) -> list[list[str]]:
    """Figures by job: those of the report that wait for the same files are one, each other one is.

    Drawing takes less than starting Python for it.
    """
    jobs: dict[tuple[str, ...], list[str]] = {}
    for name, entry in FIGURES.items():
        key = tuple(entry.needed(study)) if entry.shown(study) else (name,)
        jobs.setdefault(key, []).append(name)
    return list(jobs.values())
