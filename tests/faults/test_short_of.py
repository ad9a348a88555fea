"""Verbs that lack memory, room or a folder for temporary files: one line, nothing half-written."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from tests.faults.finished import REPOSITORY
from tests.faults.kinds import studies
from tests.faults.short_of import FAULTS
from tests.faults.test_storage import mounted

pytestmark = pytest.mark.slow

HARDNESS = "--config study.yaml --table table.csv"
SEARCH = {name: value for name, value in studies("search")[0].items() if name != "evaluator"}
FILLED = "trial,length_mm,load_N,deflection_mm\n" + "".join(
    f"{trial},{length},{load},{load * length**3 / 3.5e8}\n"
    for trial, (length, load) in enumerate([(250, 20), (300, 80), (450, 50), (480, 90)])
)
CASES = {
    "curves and hardness": (
        studies("hardness")[0],
        (
            "curve --proof-stress 300 --strength 500 --modulus 210 --output curve.csv",
            "hardness table --config study.yaml --output table.csv",
            f"hardness validate {HARDNESS} --model line --output scores/line.json",
        ),
    ),
    "a search by people": (
        SEARCH,
        (
            "search ask --config study.yaml --output asked.csv",
            "search tell --config study.yaml --filled filled.csv --told told.csv",
            "search ask --config study.yaml --told told.csv --output again.csv",
        ),
    ),
}


@pytest.mark.parametrize(("study", "verbs"), CASES.values(), ids=CASES)
def test_verbs_that_lack_something_say_so_and_leave_nothing_half_written(study, verbs, tmp_path):
    with mounted(tmp_path / "disk", "size=1m"):
        pass  # or skipped: the faults need small disks
    files = {"study.yaml": yaml.safe_dump(study), "filled.csv": FILLED}
    cases = tmp_path / "cases.json"
    cases.write_text(
        json.dumps({"modules": ["torch", "slipfield.cli"], "files": files, "verbs": verbs})
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.short_of", tmp_path, cases],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"{len(verbs) * len(FAULTS)} faults tried" in done.stderr
