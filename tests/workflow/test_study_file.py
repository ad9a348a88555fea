"""Study files and names that are wrong or hostile, given to Snakemake as a user would."""

import subprocess

import pytest

from tests.workflow.test_workflow import MINI, REPOSITORY, command, snakemake

pytestmark = pytest.mark.slow

ODD = """it's a "repository" $(touch injected) `touch injected` & more"""

WRONG = {
    "missing": (None, "cannot be read: No such file"),
    "broken": ("name: [a\n", "not valid YAML: line 2"),
    "a list": ("- name\n", "expected a mapping of sections, got list"),
    "empty": ("", "expected a mapping of sections"),
    "a key twice": ("name: a\nname: b\n", "'name' is given on line 1 and again on line 2"),
    "nested": ("name: " + 4000 * "[", "nested too deeply"),
    "binary": ("name: \x00\n", "not valid YAML"),
}


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_study_file_is_one_line(tmp_path, text, expected):
    path = tmp_path / "study.yaml"
    if text is not None:
        path.write_text(text)
    result = snakemake(tmp_path, "--dry-run", config=path)
    assert result.returncode == 2
    assert result.stdout.startswith(f"slipfield: error: {path}: ")
    assert result.stdout.count("\n") == 1
    assert expected in result.stdout
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("target", ["report", "results/mini/report.html"])
def test_a_target_after_the_study_file_is_told_to_stand_before_it(tmp_path, target):
    """Snakemake takes every word after --configfile for a study file."""
    (tmp_path / "results" / "mini").mkdir(parents=True)
    (tmp_path / "results" / "mini" / "report.html").write_text("<p>of an earlier run")
    words = [REPOSITORY / "envs" / "run", "snakemake", "--cores", "1", "--configfile", MINI, target]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith(f"slipfield: error: {target}: stands after --configfile, ")
    assert f"put targets first: `snakemake {target} --configfile {MINI}`" in done.stderr


@pytest.mark.parametrize("name", ["../up", "/tmp/up", "$(touch injected)"])
def test_the_name_of_a_study_cannot_lead_out_of_the_results(tmp_path, name):
    path = tmp_path / "study.yaml"
    path.write_text(f"name: {name!r}\n".replace("\\n", "\n\n"))
    result = snakemake(tmp_path, "results.txt", config=path)
    assert result.returncode != 0
    assert "slipfield: error: " in result.stdout
    assert "name: given" in result.stdout
    assert set(tmp_path.iterdir()) <= {path, tmp_path / ".snakemake"}


def test_a_cluster_is_not_given_a_folder_that_its_shell_would_take_apart(tmp_path):
    """Snakemake's plugin for Slurm would run what stands in the folder's name."""
    (tmp_path / ODD).mkdir()
    target = "results/mini/microstructures/00001.nc"
    result = snakemake(tmp_path / ODD, target, profile="slurm")
    assert result.returncode != 0
    assert "a cluster's shell would take this path apart; rename its folders" in result.stdout
    assert "submitted" not in result.stdout
    assert list(tmp_path.rglob("injected*")) == []
    assert not (tmp_path / ODD / "results").exists()


def test_a_repository_in_a_folder_that_a_shell_would_take_apart(tmp_path):
    (tmp_path / ODD).mkdir()
    repository = tmp_path / ODD / "re po"
    repository.symlink_to(REPOSITORY, target_is_directory=True)
    config = tmp_path / ODD / "my study.yaml"
    config.write_bytes(MINI.read_bytes())
    line = command("results/mini/microstructures/00001.nc", config=config)
    line = [word.replace(str(REPOSITORY), str(repository)) for word in line]
    done = subprocess.run(line, cwd=tmp_path / ODD, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ODD / "results/mini/microstructures/00001.nc").exists()
    assert list(tmp_path.rglob("injected*")) == []
