"""Limits of processes (`ulimit -u`): one line, for whatever a verb starts."""

import os
import subprocess
import sys

import pytest

from tests.faults.finished import REPOSITORY
from tests.faults.ordinary import works

pytestmark = pytest.mark.slow

READS = "+dac_override"
SOMEBODY = (
    (
        "setpriv",
        "--reuid",
        "12345",
        "--inh-caps",
        f"-all,{READS}",
        "--ambient-caps",
        f"-all,{READS}",
    )
    if os.getuid() == 0
    else ()
)
"""Root's processes are not counted; somebody else's are, who may read what root may."""

LIMITED = """
import os, resource
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
os.fork()
"""
PROGRAM = """
import resource, sys
from slipfield.cli import main

resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
sys.argv = ["slipfield", "warmup", "--config", sys.argv[1]]
main()
"""


def test_a_user_who_may_start_no_process_is_told_so(tmp_path):
    """A kernel that is to be compiled, with nothing in the cache."""
    if not works(*SOMEBODY, "true"):
        pytest.skip("needs setpriv, and the right to be somebody else by it")
    if works(*SOMEBODY, sys.executable, "-c", LIMITED):
        pytest.skip("needs a system that limits processes")
    study = REPOSITORY / "tests" / "faults" / "study.yaml"
    command = [*SOMEBODY, REPOSITORY / "envs" / "run", "python", "-c", PROGRAM, study]
    variables = {**os.environ, "SLIPFIELD_CACHE": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=120)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("slipfield: error: this process: Resource temporarily unavail")
    assert "ulimit -u" in done.stderr and done.stderr.count("\n") == 1
