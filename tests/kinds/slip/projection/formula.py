"""A dataset of the closed formula of tests/shards.py: many small specimens, with references."""

from pathlib import Path

from slipfield.kinds.slip.dataset.manifest import gather
from slipfield.kinds.slip.study import Study
from tests.shards import tiny_study, write_results

STUDY = tiny_study(
    specimen={"cells_x": 8, "cells_y": 8, "microstructures": 15},
    sampling={"samples": 120},
    noise={"strain_std": 5e-4, "load_relative_std": 0.005},
)


def gather_results(study: Study, folder: Path) -> Path:
    """Dataset of everything in the folder of a study."""
    lists = [sorted((folder / name).glob("*.nc")) for name in ("shards", "microstructures")]
    references = sorted((folder / "references").glob("*.nc"))
    gather(study, *lists, references, folder / "samples.csv", folder / "dataset")
    return folder / "dataset"


def make_finer(folder: Path, solid: dict | None = None, **specimen: float) -> Path:
    """Shards of the same specimens on twice as many cells, harder than the references think."""
    content = {**STUDY.model_dump(), "solid": solid}
    content["specimen"].update(cells_x=16, cells_y=16, **specimen)
    content["material"].update(h0_MPa=160.0)
    return write_results(Study.model_validate(content), folder) / "shards"
