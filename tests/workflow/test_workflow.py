"""Real runs of the workflow on a miniature study: kill it, continue it, run it again."""

import csv
import fcntl
import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from slipfield.kinds.slip.dataset.contract import violations

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
MINI = Path(__file__).parent / "mini.yaml"
PATIENCE_S = 600
ODD_NAME = """it's a "study" $(touch injected) `touch injected`; {x} & \u00fc
second line"""
SHARDS = 4
STARTED = 3
"""Batches that have started when the run is killed: on two cores the first one is finished then."""


def command(*arguments, config=MINI, profile="workstation"):
    """Snakemake's command line, as a user would type it."""
    return [
        *(str(REPOSITORY / "envs" / "run"), "snakemake", *map(str, arguments)),
        *("--cores", "2", "--snakefile", str(REPOSITORY / "Snakefile")),
        *("--profile", str(REPOSITORY / "workflow" / "profiles" / profile)),
        *("--configfile", str(config)),
    ]


def snakemake(folder, *arguments, **options):
    """Run Snakemake in ``folder`` and give the finished process, output and errors together."""
    return subprocess.run(
        command(*arguments, **options),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
    )


def kill_when(folder, reached, **options):
    """Start Snakemake in ``folder``; kill it and all its processes once ``reached()`` is true."""
    with subprocess.Popen(
        command(**options),
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    ) as run:
        limit = time.monotonic() + PATIENCE_S
        while not reached():
            assert run.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < limit, "not reached in time"
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGKILL)


def jobs(output):
    """Stage -> number of jobs, from the table of rules, such as figure_loss and reference_rest."""
    table = output.split("Job stats:", 1)[1].split("\n\n", 1)[0]
    found = Counter()
    for name, count in re.findall(r"^(figure|\w+?)(?:_rest|(?<=figure)_\w+)? +(\d+)$", table, re.M):
        found[name] += int(count)
    return found


def contents(folder, *suffixes):
    """Time stamp of each file with one of the suffixes."""
    files = (path for path in folder.rglob("*") if path.suffix in suffixes)
    return {path: path.stat().st_mtime_ns for path in files}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Folder of a finished study whose first run was killed; with the shards that had survived.

    The folder has a name that a shell would take apart.
    """
    folder = tmp_path_factory.mktemp("study") / ODD_NAME
    folder.mkdir()
    results = folder / "results" / "mini"
    kill_when(folder, lambda: len(list(results.glob("logs/simulate/*.log"))) >= STARTED)
    survived = contents(results / "shards", ".nc")
    again = snakemake(folder)
    assert again.returncode == 0, again.stdout
    return folder, results, survived, again.stdout


def test_killed_run_continues_with_what_it_had(study):
    _, results, survived, output = study
    assert 1 <= len(survived) < SHARDS
    finished = contents(results / "shards", ".nc")
    assert len(finished) == SHARDS
    kept = [path for path in survived if finished[path] == survived[path]]
    assert kept, "every finished shard was simulated again"
    assert jobs(output)["simulate"] == SHARDS - len(kept)


def test_files_keep_the_contract_and_none_is_partial(study):
    _, results, _, _ = study
    for path in [*results.glob("shards/*.nc"), *results.glob("microstructures/*.nc")]:
        assert violations(path) == []
    assert list(results.rglob("*.part")) == []
    assert (results / "study.yaml").read_text().startswith("# The study as used")


def test_no_part_of_the_folders_name_was_run_as_a_command(study):
    folder, _, _, _ = study
    assert list(folder.parent.rglob("injected*")) == []
    assert list(Path.cwd().glob("injected*")) == []


def test_report_is_one_self_contained_file(study):
    _, results, _, _ = study
    page = (results / "report.html").read_text()
    for title in ("What was run", "Strain fields", "Load curves", "Loss", "Attention", "Table 6"):
        assert title in page
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert sources
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in sources)
    assert "http" not in re.sub(r"base64,[^\"]*", "", page)


def test_the_report_can_be_read_in_a_browser(study, readable):
    readable(study[1] / "report.html")


def test_every_rule_leaves_log_and_benchmark(study):
    _, results, _, output = study
    for rule in jobs(output).keys() - {"all", "total"}:
        assert list((results / "logs").glob(f"{rule}*")), rule
        assert list((results / "benchmarks").glob(f"{rule}*")), rule


def test_second_run_does_nothing(study):
    folder, results, _, _ = study
    before = contents(results, ".nc", ".json", ".csv", ".png", ".html")
    second = snakemake(folder)
    assert second.returncode == 0
    assert "Nothing to be done" in second.stdout
    assert contents(results, ".nc", ".json", ".csv", ".png", ".html") == before


def planned_after(folder, results, name, moved_s):
    """Jobs that are planned once the files ``name`` seem to be written ``moved_s`` later."""
    kept = {path: path.stat().st_mtime_ns for path in results.glob(name)}
    try:
        for path, stamp in kept.items():
            os.utime(path, ns=(stamp + int(moved_s * 1e9),) * 2)
        dry = snakemake(folder, "--dry-run")
        assert dry.returncode == 0, dry.stdout
        return jobs(dry.stdout) if "Job stats:" in dry.stdout else {}
    finally:
        for path, stamp in kept.items():
            os.utime(path, ns=(stamp, stamp))


DAY_S = 24 * 3600


@pytest.mark.parametrize("moved_s", [-DAY_S, DAY_S])
def test_a_clock_that_jumped_between_the_stages_repeats_no_simulation(study, moved_s):
    folder, results, _, _ = study
    planned = planned_after(folder, results, "shards/*.nc", moved_s)
    assert planned.keys().isdisjoint({"microstructure", "design", "simulate"})


def test_other_training_repeats_no_simulation(study):
    folder, _, _, _ = study
    dry = snakemake(folder, "--dry-run", "--config", "learning={epochs: 3}")
    planned = jobs(dry.stdout)
    assert {"train", "crossval", "report"} <= planned.keys()
    assert planned.keys().isdisjoint({"microstructure", "design", "simulate", "gather"})


def test_other_material_repeats_every_simulation_but_no_grain_map(study):
    folder, _, _, _ = study
    dry = snakemake(folder, "--dry-run", "--config", "material={h0_MPa: 120}")
    planned = jobs(dry.stdout)
    assert planned["simulate"] == SHARDS
    assert "design" not in planned


def test_tables_of_settings_by_name(study):
    """One training serves the value of the study in all tables; the report shows them next time."""
    folder, results, _, _ = study
    made = snakemake(folder, "table3", "table5")
    assert made.returncode == 0, made.stdout
    assert jobs(made.stdout)["sweep"] == 1
    with open(results / "tables" / "table3.csv", newline="") as handle:
        assert [row["value"] for row in csv.DictReader(handle)] == ["0.0001"]
    assert (results / "figures" / "table5.png").stat().st_size > 5000
    assert snakemake(folder).returncode == 0
    assert "Settings of the training" in (results / "report.html").read_text()


def test_learning_curves_by_name(study):
    """Six samples of three maps are left to train with; the report shows the curves next time."""
    folder, results, _, _ = study
    made = snakemake(folder, "baselines")
    assert made.returncode == 0, made.stdout
    assert jobs(made.stdout)["learning_curves"] == 1
    with open(results / "baselines" / "learning_curves.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    methods = {"mean", "ridge_bands", "ridge_pca", "boosted_trees", "cnn_lstm"}
    assert {row["method"] for row in rows} == methods
    assert {row["training_samples"] for row in rows} == {"4", "6"}
    assert (results / "figures" / "learning-curves.png").stat().st_size > 5000
    assert snakemake(folder).returncode == 0
    assert "Learning curves" in (results / "report.html").read_text()


def test_snakemakes_own_report(study):
    folder, _, _, _ = study
    assert snakemake(folder, "--report", "snakemake.html").returncode == 0
    page = (folder / "snakemake.html").read_text()
    assert "figure 3" in page
    assert "Table 6" in page


def test_second_run_at_the_same_time_is_refused(study):
    folder, results, _, _ = study
    again = ("table6", "--forcerun", "crossval_summary")
    with open(results / ".running", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = snakemake(folder, *again)
    assert refused.returncode != 0
    assert "another run is at work" in refused.stdout
    assert snakemake(folder, *again).returncode == 0


@pytest.fixture(scope="module")
def beams(tmp_path_factory):
    """Folder and study file of a finished study of cantilevers."""
    folder = tmp_path_factory.mktemp("beams")
    config = folder / "beam.yaml"
    config.write_text(
        "name: beam\nkind: beam\nsampling: {samples: 20}\nexecution: {samples_per_job: 10}\n"
        "crossval: {folds: 3, repeats: 1, models: [quadratic]}\n"
    )
    first = snakemake(folder, config=config)
    assert first.returncode == 0, first.stdout
    return folder, config


def test_a_study_of_another_kind_goes_from_its_file_to_its_report(beams):
    folder, config = beams
    assert "quadratic" in (folder / "results/beam/report.html").read_text()
    assert "Nothing to be done" in snakemake(folder, config=config).stdout


def test_a_picture_of_a_kinds_own_that_is_gone_is_drawn_again(beams):
    """No rule knows which pictures the sections of a kind draw; the page names them."""
    folder, config = beams
    path = folder / "results/beam/figures/deflections.png"
    path.unlink()
    assert jobs(snakemake(folder, "--dry-run", config=config).stdout)["total"] == 2, "and `all`"
    assert snakemake(folder, config=config).returncode == 0 and path.exists()


def test_the_report_of_another_kind_can_be_read_in_a_browser(beams, readable):
    readable(beams[0] / "results/beam/report.html")
