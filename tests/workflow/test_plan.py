"""What the workflow plans, without running it."""

import re

import pytest

from tests.workflow.test_workflow import REPOSITORY, jobs, snakemake

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    """Output of a dry run of the whole paper, which writes nothing."""
    folder = tmp_path_factory.mktemp("paper")
    dry = snakemake(folder, "--dry-run", "paper", config=REPOSITORY / "config" / "paper.yaml")
    assert dry.returncode == 0, dry.stdout
    assert list(folder.glob("results*")) == []
    return dry.stdout


def test_paper_is_planned_in_batches(paper):
    planned = jobs(paper)
    assert (planned["simulate"], planned["crossval"], planned["train"]) == (440, 20, 1)


def test_dry_run_ends_with_the_cost_of_its_jobs(paper):
    planned = jobs(paper)
    table = paper.split("What study 'paper' still takes", 1)[1]
    assert planned["sweep"] == 10, "three tables of 4 settings, which share the study's own"
    for rule in ("simulate", "crossval", "sweep", "train"):
        assert re.search(rf"{rule} +│ +{planned[rule]} ", table), rule
    summary = " ".join(table.split("On Slurm: ", 1)[1].split())
    assert summary.startswith(f"{planned['total'] - 1} jobs, "), "all but the target itself"
    assert "GPU-hours" in summary
    hours = {rule: gpu_hours(table, rule) for rule in ("crossval", "sweep", "train", "total")}
    assert 0 < hours["train"] < hours["sweep"] < hours["crossval"]
    assert hours["total"] == pytest.approx(sum(hours.values()) - hours["total"], abs=2)


def gpu_hours(table, rule):
    """Fifth column of the row of a rule."""
    (row,) = re.findall(rf"│ {rule} +│(.*)", table)
    return float(row.split("│")[3])


def test_no_command_grows_with_the_study_and_one_rank_starts_no_mpi(tmp_path):
    """The system ends a command of more than 128 KiB: 2,000 names of files."""
    change = ["--config", "specimen={microstructures: 60}", "sampling={samples: 120}"]
    dry = snakemake(tmp_path, "--dry-run", "--printshellcmds", *change)
    commands = [line for line in dry.stdout.splitlines() if "envs/run gather" in line]
    assert len(commands) == 1
    assert max(map(len, dry.stdout.splitlines())) > 2000, "the inputs are listed elsewhere"
    assert len(commands[0]) < 500
    assert dry.stdout.count("envs/run simulate") == jobs(dry.stdout)["simulate"]
    assert "envs/run --ranks" not in dry.stdout


@pytest.mark.parametrize(
    ("change", "frames", "membrane"),
    [
        (["specimen={grains: 12}"], "--interval 25.0 ", True),
        (["solid={layers: 2}"], "--interval 25.0 ", False),
        (["loading={outputs: 2, output_times_s: [30, 100]}"], "/laboratory/times.csv ", True),
    ],
)
def test_an_unseen_specimen_is_imported_and_inverted_as_it_was_made(
    change, frames, membrane, tmp_path
):
    """Solids were inverted as membranes, and uneven frames imported as even ones."""
    dry = snakemake(tmp_path, "--dry-run", "--printshellcmds", "invert_demo", "--config", *change)
    imports, inversions = (
        [line for line in dry.stdout.splitlines() if f"envs/run {verb} " in line]
        for verb in ("import dic", "invert")
    )
    assert frames in imports[0]
    assert ("--membrane" in inversions[0]) == membrane


@pytest.mark.parametrize("preset", ["demo", "workstation"])
def test_presets_are_planned_to_the_report(tmp_path, preset):
    dry = snakemake(tmp_path, "--dry-run", config=REPOSITORY / "config" / f"{preset}.yaml")
    assert dry.returncode == 0, dry.stdout
    assert jobs(dry.stdout)["report"] == 1


def test_the_papers_figures_train_the_network_also_where_the_study_does_not(tmp_path):
    alone = ["--config", "learning={model: projection}", "crossval={models: [projection]}"]
    alone.append("sampling={samples: 24}")
    report = jobs(snakemake(tmp_path, "--dry-run", *alone).stdout)
    assert report["train"] == 1 and "attribution" not in report
    paper = snakemake(tmp_path, "--dry-run", "paper", *alone)
    assert paper.returncode == 0, paper.stdout
    planned = jobs(paper.stdout)
    assert planned["train"] == 2, "the projection, and the network of figures 9 to 11"
    for model in ("projection", "cnn_lstm"):
        assert f"predictions-{model}.png" in paper.stdout


def test_a_table_that_was_asked_for_once_is_no_input_of_the_report(tmp_path):
    """Else a new dataset would run the trainings of its sweep again, which nobody asked for."""
    for place in ("tables/table3.csv", "figures/table3.png"):
        (tmp_path / "results" / "mini" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "results" / "mini" / place).touch()
    dry = snakemake(tmp_path, "--dry-run")
    assert dry.returncode == 0, dry.stdout
    planned = jobs(dry.stdout)
    assert planned["report"] == 1
    assert "sweep" not in planned


def test_both_kinds_of_folds_fan_out(tmp_path):
    both = ["--config", "crossval={grouping: both}", "specimen={microstructures: 4}"]
    dry = snakemake(tmp_path, "--dry-run", "table6", *both)
    assert jobs(dry.stdout)["crossval"] == 2 * 2
    for grouping in ("random", "microstructure"):
        assert f"crossval/cnn_lstm/{grouping}/f0002-0003.json" in dry.stdout


def test_several_ranks_go_through_the_launcher(tmp_path):
    ranks = "execution={ranks_per_sample: 2}"
    dry = snakemake(tmp_path, "--dry-run", "--printshellcmds", "--config", ranks)
    assert dry.stdout.count("envs/run --ranks 2 simulate") == jobs(dry.stdout)["simulate"]
    assert "envs/run simulate" not in dry.stdout


def test_launcher_of_a_site_may_replace_mpirun(tmp_path):
    given = ["--config", "execution={ranks_per_sample: 2}", "--set-resources", "simulate:mpi=srun"]
    dry = snakemake(tmp_path, "--dry-run", "--printshellcmds", *given)
    assert "srun -n 2 env SLIPFIELD_RANKS=2 " in dry.stdout


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("name=../elsewhere", "name: given '../elsewhere'"),
        ("name=[a", "--config name: not valid YAML: line 1"),
        ("learning={seed: '[1'}", "--config learning.seed: not valid YAML: line 1"),
        ("learning={image_stride: 4}", "leaves 4 x 4 nodes, but learning.convolution_blocks: 3"),
    ],
)
def test_wrong_study_ends_with_one_line(tmp_path, change, expected):
    result = snakemake(tmp_path, "--config", change)
    assert result.returncode != 0
    last = result.stdout.strip().splitlines()[-1]
    assert last.startswith("slipfield: error: ")
    assert expected in last
    assert "Traceback" not in result.stdout


FEW = ["--config", "sampling={samples: 6}", "learning={model: projection}"]


def test_a_study_too_small_for_its_trainings_ends_before_it_is_simulated(tmp_path):
    """One that is asked for simulations alone may be as small as it likes."""
    models = "crossval={folds: 2, models: [projection]}"
    refused = snakemake(tmp_path, "--dry-run", *FEW, models)
    last = refused.stdout.strip().splitlines()[-1]
    assert refused.returncode != 0 and "Traceback" not in refused.stdout
    assert last.startswith("slipfield: error: sampling.samples: 6 leave ")
    assert "'projection' needs 10; raise sampling.samples" in last
    assert snakemake(tmp_path, "--dry-run", "shards", *FEW, models).returncode == 0


def test_lint_finds_nothing(tmp_path):
    result = snakemake(tmp_path, "--lint")
    assert result.returncode == 0, result.stdout
