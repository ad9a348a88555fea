"""The report: sections only for what exists, the numbers of the files, one self-contained page."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf, write_netcdf, write_text
from slipfield.kinds.slip.figures import pictures, sources
from slipfield.kinds.slip.figures.catalogue import FIGURES, Entry, drawn_together
from slipfield.kinds.slip.figures.drawing import write_figure
from slipfield.kinds.slip.figures.overview import figure_overview
from slipfield.kinds.slip.figures.report import write_report
from slipfield.kinds.slip.figures.sources import Results
from slipfield.kinds.slip.planning.plan import batches
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.spine.metrics import mean_predictor_scores, scores
from tests.shards import tiny_study, write_results

pytestmark = pytest.mark.slow

BENCHMARK = "s\th:m:s\tmax_rss\tcpu_time\n{}\t0:00:00\t{}\t0\n"
VOID = {"meta", "img", "link", "br"}


class Page(HTMLParser):
    """Headings and sources of a page; checks that its tags are balanced."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.sources, self.text = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.sources += [value for key, value in attributes if key in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


@pytest.fixture
def results(tmp_path):
    study = tiny_study(execution={"samples_per_job": 4})
    return Results(study, write_results(study, tmp_path / "tiny", failed=[5]))


def page_of(results):
    output = results.folder / "report.html"
    write_report(results, output)
    text = output.read_text(encoding="utf-8")
    page = Page(text)
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in page.sources)
    return page


def write_metrics(results, error):
    """Metrics of predictions that are off by the given share of the box."""
    low, high = np.array(results.study.sampling.box).T
    true = low + (high - low) * np.random.default_rng(0).random((6, 3))
    metrics = {
        "model": "cnn_lstm",
        "split": "microstructure",
        "samples": {"train": 12, "validation": 6, "test": 6},
        "seconds": 90.0,
        "test": scores(true, true + np.asarray(error) * (high - low), PARAMETERS),
        "mean_predictor": mean_predictor_scores(true, true, PARAMETERS),
    }
    write_text(results.model("cnn_lstm") / "metrics.json", json.dumps(metrics))
    return metrics


def test_empty_study_gives_study_and_provenance_only(tmp_path):
    results = Results(tiny_study(), tmp_path)
    assert page_of(results).headings == ["What was run", "Provenance"]


def test_a_study_without_a_folder_is_an_error(tmp_path):
    with pytest.raises(SlipfieldError, match="no such folder; run the study"):
        write_report(Results(tiny_study(), tmp_path / "none"), tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_sections_appear_with_their_files(results):
    assert page_of(results).headings == ["What was run", "Simulations", "Provenance"]
    for name in ("strain", "loads"):
        write_figure(name, results, results.folder / "figures" / f"{name}.png")
    page = page_of(results)
    assert sum(source.startswith("data:image/png;base64,") for source in page.sources) == 2
    assert "Strain fields at several steps" in " ".join(page.text)


def figure_shares(results, name):
    """A figure of a user's own."""
    figure = Figure()
    figure.subplots().plot(results.runs["steps"].values)
    return figure


def test_an_entry_of_the_table_is_all_that_a_new_figure_takes(results, monkeypatch):
    draw = f"{__name__}:figure_shares"
    entry = Entry("Simulation", "Steps of samples", "As run.", draw, (), ("shards",), "simulation")
    monkeypatch.setitem(FIGURES, "steps", entry)
    assert entry.shown(results.study)
    write_figure("steps", results, results.folder / "figures" / "steps.png")
    text = " ".join(page_of(results).text)
    assert text.index("Simulations") < text.index("Steps of samples") < text.index("Versions")


def test_one_job_draws_the_figures_of_the_report_that_wait_for_the_same_files():
    study = tiny_study(learning={"model": "projection"}, crossval={"models": ["projection"]})
    jobs = drawn_together(study)
    assert sorted(name for names in jobs for name in names) == sorted(FIGURES)
    assert ["strain", "loads"] in jobs
    for names in jobs:
        assert len({tuple(FIGURES[name].needed(study)) for name in names}) == 1
        if len(names) > 1:
            assert all(FIGURES[name].shown(study) for name in names), "drawn only if asked for"
    assert ["loss"] in jobs, "the study trains no network"


def test_every_figure_names_a_section_that_there_is():
    named = {entry.section for entry in FIGURES.values()} - {""}
    texts = (path.read_text() for path in Path(pictures.__file__).parent.glob("*_section*.py"))
    shown = set(re.findall(r'pictures_of\(results, "(\w+)"', " ".join(texts)))
    assert named == shown


def test_failed_samples_are_told(results):
    text = " ".join(page_of(results).text)
    assert "23 of 24 samples" in text
    assert "smallest time step reached (1)" in text


def test_prediction_numbers_are_those_of_the_metrics(results):
    metrics = write_metrics(results, 0.05)
    text = " ".join(page_of(results).text)
    for name in PARAMETERS:
        assert f"{metrics['test'][name]['r2']:.3f}" in text
        ratio = metrics["test"][name]["mae"] / metrics["mean_predictor"][name]["mae"]
        assert f"{ratio:.2f}" in text
        assert f"{name} by {100 * (1 - ratio):.0f} %" in text
    assert "never seen in training" in text


def test_training_took_as_long_as_its_epochs_even_if_it_was_resumed(results):
    """`seconds` of the metrics are those of the last process alone."""
    assert write_metrics(results, 0.05)["seconds"] == 90.0
    folder, header = results.model("cnn_lstm"), "epoch,validation_loss,validation_mae,seconds"
    write_text(folder / "history.csv", f"{header}\n1,0.5,0.4,100\n2,0.25,0.3,140\n")
    write_figure("loads", results, results.folder / "figures" / "loss.png")
    text = " ".join(page_of(results).text)
    assert "for 2 epochs in 4 min" in text
    assert "lowest after epoch 2: 0.2500" in text


def test_settings_appear_as_they_were_measured(results):
    scores = {f"{name}_r2": 0.5 for name in (*PARAMETERS, "overall")}
    scores |= {f"{name}_r2_std": 0.125 for name in (*PARAMETERS, "overall")}
    row = {"runs": 3, "median_relative_error": 0.1, "best_epoch": 7, "seconds": 9.0, **scores}
    rows = [
        {**row, "value": value, "validation_loss": loss, "best": loss < 0.1}
        for value, loss in ((0.01, 0.2), (0.001, 0.05))
    ]
    write_text(results.folder / "tables" / "table3.json", json.dumps(rows))
    page = page_of(results)
    text = " ".join(page.text).replace("\N{NO-BREAK SPACE}", " ")
    assert "Settings of the training" in page.headings
    assert "0.50 ± 0.12" in text and "0.001 *" in text and "0.01 *" not in text
    assert "Published as best, on 20,000 samples: 1e-4" in text


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ([0.01] * 3, "below the mean predictor's: k1"),
        ([0.01, 0.01, 0.9], "above it for k3"),
        ([0.9] * 3, "no better than always answering with the mean"),
    ],
)
def test_verdict_is_honest(results, error, verdict):
    write_metrics(results, error)
    assert verdict in " ".join(page_of(results).text)


def test_stages_sum_the_jobs_of_a_rule(results):
    for number, seconds in enumerate((10, 20)):
        text = BENCHMARK.format(seconds, 100 + number)
        write_text(results.folder / "benchmarks" / "simulate" / f"{number}.tsv", text)
    write_text(results.folder / "benchmarks" / "design.tsv", BENCHMARK.format(1.5, "-"))
    stages = results.stages()
    assert stages.loc["simulate"].tolist() == [2, 30, 101]
    assert stages.loc["design", "jobs"] == 1
    assert np.isnan(stages.loc["design", "peak_memory_mb"])
    assert "Run times" in page_of(results).headings


def test_runs_hold_every_sample_once(tmp_path):
    study = tiny_study(execution={"samples_per_job": 4})
    results = Results(study, write_results(study, tmp_path))
    assert len(results.shards) == len(batches(study))
    runs = results.runs
    assert runs["sample"].values.tolist() == list(range(24))
    assert runs["load"].shape == (24, study.loading.outputs)


def test_shards_with_and_without_lattice_rotation_go_into_one_figure(results):
    """A study that an older version began and this one finished."""
    old = results.shards[0]
    with open_netcdf(old) as data:
        older = data.load().drop_vars("mean_lattice_rotation")
    write_netcdf(older, old, results.study)
    rotation = results.runs["mean_lattice_rotation"]
    missing = np.isnan(rotation).all("time").values
    assert np.flatnonzero(missing).tolist() == [0, 1, 2, 3, 5]  # the first shard, a failed sample
    write_figure("loads", results, results.folder / "loads.png")


def test_central_sample_is_the_nearest_to_the_centre_in_logarithms(results):
    runs = results.runs
    path, number, owner = results.central_sample()
    distance = {
        int(one["sample"]): sum(
            np.log(float(one[name]) / centre) ** 2
            for name, centre in zip(PARAMETERS, results.study.sampling.centre, strict=True)
        )
        for one in (runs.isel(sample=i) for i in range(24))
        if one["status"] == 0
    }
    assert number == min(distance, key=distance.get)
    assert owner == int(runs["microstructure"].sel(sample=number))
    first, last = path.stem.split("_r")[1].split("-")
    assert int(first) <= number <= int(last)


def test_a_microstructure_whose_samples_all_failed_takes_no_figure_away(tmp_path):
    study = tiny_study(execution={"samples_per_job": 4})
    results = Results(study, write_results(study, tmp_path / "tiny", failed=range(8)))
    _, number, owner = results.central_sample()
    assert number >= 8 and owner == number * 3 // 24
    write_figure("strain", results, results.folder / "strain.png")
    assert "16 of 24 samples" in " ".join(page_of(results).text)
    lost = Results(study, write_results(study, tmp_path / "lost", failed=range(24)))
    with pytest.raises(SlipfieldError, match="every sample failed"):
        write_figure("strain", lost, lost.folder / "strain.png")


def test_shards_are_read_once_for_a_report(results, monkeypatch):
    opened = []
    monkeypatch.setattr(sources, "open_netcdf", lambda path: opened.append(path) or read(path))
    read = open_netcdf
    page_of(results)
    assert len(opened) == len(results.shards)


@pytest.mark.parametrize(
    ("split", "title"), [("random", "of test samples"), ("microstructure", "of unseen specimens")]
)
def test_the_overview_says_what_its_test_set_holds(results, split, title):
    learning = results.study.learning.model_copy(update={"split": split})
    study = results.study.model_copy(update={"learning": learning})
    values = {f"{name}_{kind}": [1.0, 2.0] for name in PARAMETERS for kind in ("true", "predicted")}
    table = pd.DataFrame({"split": "test", **values})
    path, number, owner = results.central_sample()
    with open_netcdf(path) as shard, results.microstructure(owner) as grains:
        figure = figure_overview(grains, shard, number, {"cnn_lstm": table}, study)
    assert figure.axes[2].get_title() == f"k1, k2, k3 {title}"


def test_unknown_figure_and_format_are_named(results):
    with pytest.raises(SlipfieldError, match="strain"):
        write_figure("nothing", results, results.folder / "x.png")
    with pytest.raises(SlipfieldError, match="x.bmp"):
        write_figure("strain", results, results.folder / "x.bmp")


def test_same_files_give_the_same_picture(results):
    first, second = (results.folder / f"{n}.png" for n in "ab")
    for path in (first, second):
        write_figure("loads", results, path)
    assert first.read_bytes() == second.read_bytes()
