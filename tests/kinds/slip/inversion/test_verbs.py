"""The verbs as a user types them, from files of a laboratory to a specimen file."""

import json

import pytest
import xarray as xr

from slipfield.kinds.slip.measure.specimen_file import read_specimen
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.study import load_study
from tests.shards import tiny_study

pytestmark = pytest.mark.slow


@pytest.fixture
def slipfield(slipfield):
    """What a command that has to succeed prints."""

    def run(*arguments):
        result = slipfield(*arguments)
        assert not result.returncode, result.stderr
        return result.stdout

    return run


def test_import_verbs_make_the_specimen(slipfield, laboratory, specimen, tmp_path):
    facts = json.loads((laboratory / "truth.json").read_text())
    frames = sorted((laboratory / "dic").glob("*.csv"))
    one, two, three = (tmp_path / f"{number}.nc" for number in (1, 2, 3))
    slipfield(
        *("import", "dic", *frames, "--scale", facts["scale_mm_per_pixel"]),
        *("--interval", facts["interval_s"], "--sheet", *facts["sheet_mm"]),
        *("--outline", laboratory / "outline.csv", "--thickness", 1, "--output", one),
    )
    curve = laboratory / "load.csv"
    slipfield("import", "load", curve, "--specimen", one, "--output", two, "--use-displacement")
    slipfield("import", "ebsd", laboratory / "grains.ctf", "--specimen", two, "--output", three)
    found, expected = read_specimen(three), read_specimen(specimen)
    xr.testing.assert_equal(found, expected)
    said = slipfield("import", "check", three, "--overlay", tmp_path / "overlay.png")
    assert "orientations: Bunge angles of every grain" in said
    assert (tmp_path / "overlay.png").read_bytes().startswith(b"\x89PNG")
    assert "strain noise: 0.0002" in said
    with pytest.raises(AssertionError, match="exists already"):
        slipfield("import", "check", three, "--overlay", tmp_path / "overlay.png")


def test_unseen_specimen_lies_beyond_the_microstructures_of_the_study(slipfield, tmp_path):
    study = tiny_study()
    config = tmp_path / "study.yaml"
    config.write_text(study.model_dump_json())
    assert "microstructure 3" in slipfield("unseen", "--config", config, "--output", tmp_path / "u")
    fresh = load_study(tmp_path / "u" / "study.yaml")
    assert fresh.specimen.microstructures == study.specimen.microstructures + 1
    header, row = (tmp_path / "u" / "samples.csv").read_text().splitlines()
    number, index, *values = row.split(",")
    assert (number, index) == ("0", "3")
    for value, (low, high) in zip(map(float, values), study.sampling.box, strict=True):
        assert low <= value <= high
    xr.testing.assert_equal(make_microstructure(study, 1), make_microstructure(fresh, 1))
