"""A study in a group's folder that one user begins, is killed, and another one goes on with."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import yaml

from tests.faults.finished import REPOSITORY, command
from tests.faults.kinds import content, studies
from tests.faults.ordinary import works
from tests.faults.test_any_kind import RESULTS, at_work

pytestmark = pytest.mark.slow

GROUP, USERS = 2023460, (2023451, 2023452)
READING = "-all,+dac_read_search"
"""Reads what root may, such as its Python, and writes what such a user may."""

SHARING = 'umask 002; export HOME="$1"; shift; exec "$@"'


def by(user, home, words):
    """A command as one of the group's users, with a home of its own and a umask for sharing."""
    who = ("--reuid", str(user), "--regid", str(GROUP), "--clear-groups")
    rights = ("--inh-caps", READING, "--ambient-caps", READING)
    return ["setpriv", *who, *rights, "sh", "-c", SHARING, "sh", str(home), *words]


@pytest.fixture
def shared():
    """A folder that all of the group may write to, not below one that only its owner may enter."""
    if os.getuid():
        pytest.skip("only root may be two others")
    folder = Path(tempfile.mkdtemp(prefix="slipfield-group-"))
    os.chown(folder, 0, GROUP)
    folder.chmod(0o2775)
    if not works(*by(USERS[0], folder, ["cat", str(REPOSITORY / "Snakefile")])):
        pytest.skip("needs setpriv, and a checkout that others may read")
    yield folder
    shutil.rmtree(folder)


def killed_once_there(words, folder, file):
    """Start a run, and kill all of its processes as soon as it has made ``file``."""
    log = subprocess.DEVNULL
    run = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    limit = time.monotonic() + 300
    while not (folder / file).exists():
        assert run.poll() is None and time.monotonic() < limit
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    while at_work(folder):
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_another_user_goes_on_with_a_killed_run(shared):
    """Neither user id has a name, as in containers."""
    runs = []
    for user in USERS:
        home = shared / f"home-{user}"
        home.mkdir()
        os.chown(home, user, GROUP)
        runs.append(by(user, home, command()))
    contents = []
    for name in ("undisturbed", "killed"):
        folder = shared / name
        folder.mkdir()
        folder.chmod(0o2775)
        (folder / "p.yaml").write_text(yaml.safe_dump(studies("beam")[0]))
        if name == "killed":
            killed_once_there(runs[0], folder, RESULTS / "samples.csv")
            assert not (folder / RESULTS / "dataset.nc").exists()
        done = subprocess.run(runs[1], cwd=folder, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        contents.append(content(folder / RESULTS))
        assert not list(folder.rglob("*.part"))
    assert contents[0] == contents[1]
    owners = {path.stat().st_uid for path in (shared / "killed" / RESULTS).rglob("*")}
    assert owners == set(USERS)
