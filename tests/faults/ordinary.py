"""What makes an ordinary user of root, who may read and write everything else."""

import os
import shutil
import subprocess

import pytest

ORDINARY = () if os.getuid() else ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
"""Words before a command: root without its capabilities is an ordinary user."""


def need_ordinary_user(path):
    """Skip a test where nobody can be an ordinary user, such as in some containers.

    ``path`` is a folder to try in: what is closed there must be closed to such a user.
    """
    closed = path / "closed"
    closed.touch(0o000)
    if not works(*ORDINARY, "true"):
        pytest.skip("needs setpriv, and the right to use it, to be an ordinary user")
    if works(*ORDINARY, "cat", closed):
        pytest.skip("needs a system that closes files to root without its capabilities")
    closed.unlink()


def works(*command):
    """Whether a command is there, may be run, and ends without an error."""
    return shutil.which(command[0]) and subprocess.run(command, capture_output=True).returncode == 0
