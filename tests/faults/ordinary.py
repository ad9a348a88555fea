"""What makes an ordinary user of root, who may read and write everything else."""

import os
import shutil

import pytest

ORDINARY = () if os.getuid() else ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
"""Words before a command: root without its capabilities is an ordinary user."""


def need_ordinary_user():
    """Skip a test that root cannot run because the program that it takes is not there."""
    if ORDINARY and shutil.which(ORDINARY[0]) is None:
        pytest.skip("needs setpriv to be an ordinary user")
