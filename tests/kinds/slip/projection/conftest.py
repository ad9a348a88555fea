from pathlib import Path

import pytest

from tests.kinds.slip.projection.formula import STUDY, gather_results
from tests.shards import write_results


@pytest.fixture(scope="session")
def formula_dataset(tmp_path_factory) -> Path:
    """Folder of the gathered dataset of the closed formula."""
    return gather_results(STUDY, write_results(STUDY, tmp_path_factory.mktemp("formula")))
