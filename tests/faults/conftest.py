"""One study without a fault, which the others are compared with."""

import shutil

import pytest

from tests.faults import finished, stages
from tests.faults.killing import run_until


class Study:
    """A finished tiny study; copies of it in which one stage is still to be done."""

    def __init__(self, folder):
        self.folder, self.runs = folder, {}
        stages.prepare(folder)
        for stage in stages.SOLVED:
            done = stages.run(stage, folder)
            assert done.returncode == 0, done.stdout
        for name, stage in stages.KILLED.items():
            self.runs[name] = run_until(stage.command, folder)
            assert self.runs[name].returncode == 0, self.runs[name].output

    def before(self, name, folder):
        """Copy the study to ``folder`` as it was before stage ``name`` ran."""
        order = list(stages.KILLED)
        missing = [o for later in order[order.index(name) :] for o in stages.KILLED[later].outputs]
        shutil.copytree(self.folder, folder)
        for output in missing:
            path = folder / output
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for kept_features in folder.glob("dataset/projection-*"):
            kept_features.unlink()
        return folder


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    return Study(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def finished_home(tmp_path_factory):
    """Folder with a finished study, its file and its results, but none of Snakemake's notes."""
    home = tmp_path_factory.mktemp("finished") / "home"
    finished.make(home)
    return home


@pytest.fixture
def home(finished_home, tmp_path):
    """Copy of the finished study that a test may change; with a name that is a path deeper."""
    return finished.copied(finished_home, tmp_path / "one" / "deeper").parents[1]
