"""The design of experiments and its file."""

import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import qmc

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.design import (
    ESE,
    ESE_LIMIT,
    LATTICE,
    is_latin_hypercube,
    lattice_design,
    make_design,
    minimum_distance,
    read_design,
    to_unit_cube,
    write_design,
)
from slipfield.kinds.slip.study import Study


def study(samples, microstructures=1, **sampling):
    """Return a study with this many samples."""
    return Study(
        name="test",
        specimen={"microstructures": microstructures},
        sampling={"samples": samples, **sampling},
        crossval={"folds": 2},
    )


def slices_hit_once(unit):
    """Second formulation of the Latin hypercube: every slice count of every axis is one."""
    count = len(unit)
    return all(np.all(np.histogram(axis, count, (0, 1))[0] == 1) for axis in unit.T)


@pytest.mark.slow
def test_ese_reaches_the_published_quality():
    """200 samples: minimum distance 0.115, six times that of a plain Latin hypercube."""
    asked = study(200)
    design = make_design(asked)
    unit = to_unit_cube(design.samples, asked)
    assert design.method == ESE and design.seed == 2025
    assert design.minimum_distance == pytest.approx(pdist(unit).min(), rel=1e-9)
    assert design.minimum_distance == pytest.approx(0.115, abs=0.002)
    assert design.is_latin_hypercube and slices_hit_once(unit)


@pytest.mark.parametrize("count", [ESE_LIMIT + 1, 997, 2310, 22_000])
def test_lattice_is_near_the_densest_packing(count):
    """Above the limit: a Latin hypercube with nearly the distance of the densest packing."""
    asked = study(count)
    design = make_design(asked)
    unit = to_unit_cube(design.samples, asked)
    densest = (np.sqrt(2) / count) ** (1 / 3)
    assert design.method == LATTICE and design.is_latin_hypercube and slices_hit_once(unit)
    assert 0.8 * densest < design.minimum_distance < densest
    if count < 3000:
        assert design.minimum_distance == pytest.approx(pdist(unit).min(), rel=1e-9)
        random = qmc.LatinHypercube(3, rng=2025).random(count)
        assert design.minimum_distance > 4 * pdist(random).min()
        for pair in ([0, 1], [0, 2], [1, 2]):
            assert pdist(unit[:, pair]).min() > 0.75 / np.sqrt(count)


def test_lattice_rows_are_shuffled():
    """Blocks of rows, which share a grain map, cover the box like random samples do."""
    unit = lattice_design(2000, 1)
    blocks = unit.reshape(20, 100, 3)
    assert np.abs(blocks.mean(axis=1) - 0.5).max() < 4 * np.sqrt(1 / 12 / 100)
    assert np.abs(np.corrcoef(unit.T) - np.eye(3)).max() < 0.02


@pytest.mark.parametrize("count", [50, 500])
def test_seed_decides(count):
    """The same seed gives the same bits, another one another design."""
    first, again = make_design(study(count)), make_design(study(count))
    other = make_design(study(count, seed=1))
    assert np.array_equal(first.samples.parameters, again.samples.parameters)
    assert not np.isclose(first.samples.parameters, other.samples.parameters).all(axis=1).any()


def test_box_and_blocks():
    """Samples fill the box linearly; blocks of equal length belong to the microstructures."""
    box = {"k1_MPa_sqrtmm": (1, 2), "k2_MPa": (10, 60), "k3_MPa_sqrtmm": (100, 101)}
    design = make_design(study(50, 7, **box))
    low, high = np.transpose(list(box.values()))
    table = design.samples
    assert np.all((table.parameters > low) & (table.parameters < high))
    assert table.parameters.mean(axis=0) == pytest.approx(0.5 * (low + high), rel=0.02)
    assert list(table.microstructure) == [s * 7 // 50 for s in range(50)]
    assert set(np.bincount(table.microstructure)) == {7, 8}


def test_checks_of_a_design_can_fail():
    """A repeated slice is no Latin hypercube; two equal points have distance zero."""
    good = np.array([[0.1, 0.9, 0.4], [0.5, 0.5, 0.8], [0.9, 0.1, 0.1]])
    bad = good.copy()
    bad[2, 1] = 0.6
    assert is_latin_hypercube(good) and not is_latin_hypercube(bad)
    assert minimum_distance(np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0.0]])) == 0


def test_written_and_read_back(tmp_path):
    """Table to 12 digits; the JSON file carries seed, method and quality."""
    asked = study(40, 4)
    design = make_design(asked)
    path = tmp_path / "deep" / "samples.csv"
    write_design(design, asked, path)
    assert path.read_text().splitlines()[0] == "sample,microstructure,k1,k2,k3"
    table = read_design(path)
    assert np.array_equal(table.number, np.arange(40))
    assert np.array_equal(table.microstructure, design.samples.microstructure)
    assert table.parameters == pytest.approx(design.samples.parameters, rel=1e-11)
    facts = json.loads((tmp_path / "deep" / "samples.json").read_text())
    assert facts["seed"] == 2025 and facts["is_latin_hypercube"] is True
    assert facts["method"] == ESE and facts["samples"] == 40
    assert facts["minimum_distance"] == design.minimum_distance
    with pytest.raises(SlipfieldError, match="output: given .*samples.json"):
        write_design(design, asked, tmp_path / "samples.json")


HEADER = "sample,microstructure,k1,k2,k3\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty; expected the columns"),
        (HEADER, "no samples"),
        ("sample,k1,k2\n0,1,2\n", "line 1: no column microstructure, k3"),
        (HEADER + "0,0,1,2,3\n1,0,1,x,3\n", "line 3, column k2: given 'x'"),
        (HEADER + "0,0,nan,2,3\n", "line 2, column k1: given 'nan'"),
        (HEADER + "0,0,1,2,inf\n", "line 2, column k3: given 'inf'"),
        (HEADER + "0,0,1,-2,3\n", "line 2, column k2: given '-2'"),
        (HEADER + "0,0,1,2\n", "line 2, column k3: given ''"),
        (HEADER + "-1,0,1,2,3\n", "line 2, column sample: given '-1'"),
        (HEADER + "0,0.5,1,2,3\n", "line 2, column microstructure: given '0.5'"),
        (
            HEADER + "4,0,1,2,3\n5,0,1,2,3\n4,0,9,2,3\n",
            "line 4, column sample: 4 is also on line 2",
        ),
    ],
)
def test_wrong_files(tmp_path, text, message):
    """Every fault is one line that names the file, the line and the column."""
    path = tmp_path / "samples.csv"
    path.write_text(text)
    with pytest.raises(SlipfieldError) as caught:
        read_design(path)
    assert str(caught.value).startswith(f"{path}: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unreadable_files(tmp_path):
    """A missing file and a binary one."""
    with pytest.raises(SlipfieldError, match="cannot be read as CSV"):
        read_design(tmp_path / "missing.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(SlipfieldError, match="cannot be read as CSV"):
        read_design(path)


@pytest.mark.slow
def test_command_line(tmp_path):
    """The verb writes the design of this process and its JSON file."""
    config, output = tmp_path / "study.yaml", tmp_path / "samples.csv"
    config.write_text("name: test\nsampling: {samples: 30}\nspecimen: {microstructures: 3}\n")
    command = ["design", "--config", config, "--output", output]
    subprocess.run([sys.executable, "-m", "slipfield", *command], check=True)
    table = read_design(output)
    expected = make_design(study(30, 3)).samples
    assert table.parameters == pytest.approx(expected.parameters, rel=1e-11)
    assert np.array_equal(table.microstructure, expected.microstructure)
    assert json.loads(output.with_suffix(".json").read_text())["samples"] == 30
