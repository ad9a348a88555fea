"""One tiny study for the mutations of its files."""

import pytest

from tests.shards import tiny_study, write_results


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Folder of a tiny study: six samples on three grain maps, 8 x 8 elements."""
    small = {"cells_x": 8, "cells_y": 8}
    few = {"sampling": {"samples": 6}, "execution": {"samples_per_job": 1}}
    study = tiny_study(specimen=small, loading={"outputs": 2}, **few)
    folder = write_results(study, tmp_path_factory.mktemp("results"))
    text = study.as_yaml()
    (folder / "study.yaml").write_text(text)
    return folder
