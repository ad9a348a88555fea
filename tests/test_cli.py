"""The command line: verbs, help, and errors of users as one line with exit code 2."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_group

from slipfield import __version__
from slipfield.cli import VERBS as VERBS_BY_HEADING
from slipfield.cli import commands

REPOSITORY = Path(__file__).parents[1]
DEMO = REPOSITORY / "config" / "demo.yaml"

VERBS = """schema check microstructure design warmup simulate reference point validate gather train
crossval crossval-summary evaluate figure report""".split()


def assert_one_line_error(result, *parts):
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("slipfield: error: ")
    assert result.stderr.count("\n") == 1
    for part in parts:
        assert str(part) in result.stderr


def test_help_lists_every_verb(slipfield, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    result = slipfield("--help")
    assert result.returncode == 0
    listed = {line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")}
    assert set(VERBS) <= listed


def test_every_verb_of_a_module_is_listed():
    places = {name: module for verbs in VERBS_BY_HEADING.values() for name, module in verbs.items()}
    for module in set(places.values()):
        group = get_group(import_module(module).app)
        listed = {name for name, place in places.items() if place == module}
        assert listed == set(group.commands) or listed.isdisjoint(group.commands), module


def test_the_lists_of_groups_cut_no_line():
    groups = [found for name, found in commands().items() if hasattr(found, "commands")]
    assert {"study", "composite"} <= {group.name for group in groups}
    lines = [verb.get_short_help_str() for group in groups for verb in group.commands.values()]
    assert all(lines) and not [line for line in lines if line.endswith("...")]


def test_a_verb_imports_neither_others_nor_what_draws_help():
    program = "import sys; from slipfield.cli import main; sys.argv[1:] = ['check', '--help']\n"
    program += "try: main()\nexcept SystemExit: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "slipfield.core.verbs" in loaded
    assert not {"rich", "numpy", "yaml", "slipfield.kinds.slip.fem.verbs"} & loaded


def test_version_is_that_of_the_package(slipfield):
    assert slipfield("--version").stdout.strip() == __version__


def test_check_accepts_a_preset(slipfield):
    result = slipfield("check", "--config", DEMO)
    assert (result.returncode, result.stderr) == (0, "")
    assert "'demo' is valid" in result.stdout


def test_schema_verb_writes_the_stored_schema(slipfield, tmp_path):
    assert slipfield("schema", "--output", tmp_path / "schema.json").returncode == 0
    written = json.loads((tmp_path / "schema.json").read_text())
    assert written == json.loads((REPOSITORY / "config" / "schema.json").read_text())


def test_wrong_study_is_one_line(slipfield, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("name: wrong\nspecimen: {grains: -3}\n")
    assert_one_line_error(slipfield("check", "--config", path), path, "specimen.grains", "-3", "5")


def test_wrong_study_is_one_line_in_a_real_process(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("nam: wrong\n")
    command = [sys.executable, "-m", "slipfield", "check", "--config", path]
    result = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY / "src")
    assert_one_line_error(result, path)


def test_missing_study_is_one_line(slipfield, tmp_path):
    path = tmp_path / "missing.yaml"
    assert_one_line_error(slipfield("design", "--config", path, "--output", "x.csv"), path)


@pytest.mark.parametrize("rows", ["5", "5:5", "-1:3", "a:b", "3:2"])
def test_wrong_rows_are_one_line(slipfield, rows):
    arguments = ["crossval", "--config", DEMO, "--dataset", "d", "--output", "o", "--folds", rows]
    assert_one_line_error(slipfield(*arguments), "rows", rows)


def test_unknown_figure_is_one_line_with_the_known_ones(slipfield, tmp_path):
    arguments = ["figure", "fluxes", "--config", DEMO, "--output", tmp_path / "f.png"]
    assert_one_line_error(slipfield(*arguments), "'fluxes'", "strain", "microstructure")


def test_a_figure_without_a_file_to_write_is_one_line(slipfield, tmp_path):
    arguments = ["figure", "loads", "strain", "--config", DEMO, "--results", tmp_path]
    result = slipfield(*arguments, "--output", tmp_path / "loads.png")
    assert_one_line_error(result, "output: 1 given for 2 figures")


def test_figure_without_results_is_one_line_and_leaves_no_file(slipfield, tmp_path):
    arguments = ["figure", "loads", "--config", DEMO, "--results", tmp_path]
    result = slipfield(*arguments, "--output", tmp_path / "loads.png")
    assert_one_line_error(result, "simulate", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_validate_names_each_bad_file(slipfield, tmp_path):
    bad = tmp_path / "bad.nc"
    bad.write_text("not NetCDF")
    result = slipfield("validate", bad)
    assert result.returncode == 1
    assert str(bad) in result.stdout
    assert result.stderr == ""
