"""A test that is about to begin: its files in order, and the specimen made from its first frame."""

import json

import pytest

from slipfield.kinds.slip.measure.grain_maps import GrainOptions, add_orientation_map
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.measure.specimen_file import write_specimen
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.kinds.slip.inversion.conftest import dataset, formula_solver, projection, study
from tests.kinds.slip.measure.conftest import laboratory

__all__ = ["dataset", "formula_solver", "laboratory", "projection", "study"]


@pytest.fixture(scope="session")
def begun(laboratory, tmp_path_factory):
    """Specimen file from the first frame, the load table and the grain map of a laboratory."""
    facts = json.loads((laboratory / "truth.json").read_text())
    options = StrainOptions(
        scale=facts["scale_mm_per_pixel"],
        interval=facts["interval_s"],
        outline=laboratory / "outline.csv",
        sheet=tuple(facts["sheet_mm"]),
        thickness=facts["thickness_mm"],
    )
    data = import_strain(sorted((laboratory / "dic").glob("*.csv"))[:1], options)
    data = add_load(data, laboratory / "load.csv", None, 0.0, None, True)
    data = add_orientation_map(data, laboratory / "grains.ctf", GrainOptions())
    path = tmp_path_factory.mktemp("begun") / "begun.nc"
    write_specimen(data, path)
    return path
