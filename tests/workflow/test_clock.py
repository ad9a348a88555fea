"""A clock that was a day ahead and is right again: jobs that read its files still end."""

import os
import time

import pytest

from tests.workflow.test_workflow import snakemake

pytestmark = pytest.mark.slow

DAY_S = 24 * 3600
MAP, PICTURE = "results/mini/microstructures/00000.nc", "results/mini/figures/microstructure.png"


def test_a_job_that_reads_a_file_of_tomorrow_ends(tmp_path):
    assert snakemake(tmp_path, MAP).returncode == 0
    grains = tmp_path / MAP
    os.utime(grains, (time.time() + DAY_S,) * 2)
    content = grains.read_bytes()
    result = snakemake(tmp_path, PICTURE)
    assert result.returncode == 0, result.stdout
    assert "file(s) dated in the future" in result.stdout
    assert (tmp_path / PICTURE).exists()
    assert grains.read_bytes() == content
    assert grains.stat().st_mtime <= time.time()
    assert "Nothing to be done" in snakemake(tmp_path, PICTURE).stdout
