"""The design of experiments: a maximin Latin hypercube of (k1, k2, k3).

Up to ``ESE_LIMIT`` samples the enhanced stochastic evolutionary search of SMT (Jin, Chen &
Sudjianto, J. Stat. Plan. Inference 134, 2005). Its fixed number of exchanges leaves larger designs
close to random; those are rank-1 lattices (Sloan & Joe, Lattice Methods for Multiple Integration,
1994) whose generator maximises the smallest distance.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield import __version__
from slipfield.core.errors import SlipfieldError, one_line
from slipfield.core.files import write_text
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS, Study

ESE_LIMIT = 300
ESE, LATTICE = "SMT ESE", "rank-1 lattice"
COLUMNS = ("sample", "microstructure", *PARAMETERS)
GENERATOR_WORK = 100_000_000
DENSEST_SPACE = 2 ** (1 / 6)
DENSEST_PLANE = (4 / 3) ** (1 / 4)


@dataclass(frozen=True)
class Samples:
    """Table of a design.

    Attributes
    ----------
    number : (n,) int64, number of the sample.
    microstructure : (n,) int32, grain map of the sample.
    parameters : (n, 3) k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5).
    """

    number: np.ndarray
    microstructure: np.ndarray
    parameters: np.ndarray


@dataclass(frozen=True)
class Design:
    """A design with its quality.

    Attributes
    ----------
    samples : the table.
    method : 'SMT ESE' or 'rank-1 lattice'.
    seed : seed of the random generator.
    minimum_distance : smallest distance of two samples in the unit cube, 1.
    is_latin_hypercube : whether each of n equal slices of every axis holds one sample.
    """

    samples: Samples
    method: str
    seed: int
    minimum_distance: float
    is_latin_hypercube: bool


def make_design(study: Study) -> Design:
    """Design of the study; sample s belongs to microstructure floor(s M / N)."""
    count, seed = study.sampling.samples, study.sampling.seed
    method = ESE if count <= ESE_LIMIT else LATTICE
    unit = (ese_design if method == ESE else lattice_design)(count, seed)
    low, high = np.transpose(study.sampling.box)
    number = np.arange(count)
    samples = Samples(
        number=number,
        microstructure=(number * study.specimen.microstructures // count).astype(np.int32),
        parameters=low + unit * (high - low),
    )
    return Design(samples, method, seed, minimum_distance(unit), is_latin_hypercube(unit))


def ese_design(count: int, seed: int) -> np.ndarray:
    """Maximin Latin hypercube (count, 3) in the unit cube by SMT's ESE."""
    from smt.sampling_methods import LHS

    cube = np.array([[0.0, 1.0]] * len(PARAMETERS))
    return LHS(xlimits=cube, criterion="ese", seed=seed)(count)


def lattice_design(count: int, seed: int) -> np.ndarray:
    """Rank-1 lattice (count, 3) in the unit cube, shifted, reflected and shuffled at random.

    The points are those of i (1, a, b) / count modulo 1, at the centres of their slices: a Latin
    hypercube for every a, b coprime to ``count``. Of random candidates the generator is taken
    whose smallest periodic distances, in space and in the three coordinate planes, are the
    largest fractions of those of the densest packings.
    """
    random = np.random.default_rng(seed)
    candidates = max(50, min(2000, GENERATOR_WORK // count))
    units = [g for g in random.integers(1, count, 12 * candidates) if math.gcd(g, count) == 1]
    pairs = zip(units[0::2], units[1::2], strict=False)
    best = max(list(pairs)[:candidates], key=lambda pair: _packing(count, *pair))
    rank = np.outer(np.arange(count), [1, *best]) + random.integers(0, count, 3)
    rank = random.permutation(rank % count)
    reflected = random.random(3) < 0.5
    rank = np.where(reflected, count - 1 - rank, rank)
    return (rank + 0.5) / count


def _packing(count: int, a: int, b: int) -> float:
    """Smallest distance of the lattice of (1, a, b), 1 being the densest packing (1)."""
    i = np.arange(1, count // 2 + 1)
    x, y, z = ((np.minimum(r, count - r) / count) ** 2 for r in (i, i * a % count, i * b % count))
    space = math.sqrt((x + y + z).min()) * count ** (1 / 3) / DENSEST_SPACE
    plane = math.sqrt(min((x + y).min(), (y + z).min(), (z + x).min())) * math.sqrt(count)
    return min(space, plane / DENSEST_PLANE)


def minimum_distance(unit: np.ndarray) -> float:
    """Smallest distance between two of the points (n, 3)."""
    from scipy.spatial import KDTree

    distance, _ = KDTree(unit).query(unit, k=2)
    return float(distance[:, 1].min())


def is_latin_hypercube(unit: np.ndarray) -> bool:
    """Whether each of the n equal slices of every axis of the unit cube holds one of n points."""
    slices = np.sort(np.floor(unit * len(unit)), axis=0)
    return bool(np.all(slices == np.arange(len(unit))[:, None]))


def to_unit_cube(samples: Samples, study: Study) -> np.ndarray:
    """Parameters (n, 3) scaled linearly from the study's sampling box to the unit cube."""
    low, high = np.transpose(study.sampling.box)
    return (samples.parameters - low) / (high - low)


def write_design(design: Design, study: Study, output: str | Path) -> None:
    """Write the table (CSV) to ``output``, its origin and quality to a JSON file of the same stem.

    Raises
    ------
    SlipfieldError
        If ``output`` is itself a JSON file.
    """
    output = Path(output)
    if output.suffix == ".json":
        raise SlipfieldError(
            f"output: given {output}; the table is CSV, use a name like samples.csv"
        )
    count = len(design.samples.number)
    facts = {
        "method": design.method,
        "seed": design.seed,
        "samples": count,
        "microstructures": study.specimen.microstructures,
        "minimum_distance": design.minimum_distance,
        "minimum_distance_times_cube_root_of_samples": design.minimum_distance * count ** (1 / 3),
        "is_latin_hypercube": design.is_latin_hypercube,
        "box": dict(zip(PARAMETERS, study.sampling.box, strict=True)),
        "units": PARAMETER_UNITS,
        "slipfield_version": __version__,
    }
    write_text(output.with_suffix(".json"), json.dumps(facts, indent=1) + "\n")
    write_text(output, samples_text(design.samples, digits=12))


def samples_text(samples: Samples, digits: int | None = None) -> str:
    """Table of samples as CSV; by default the parameters are written to the last bit."""
    values = (samples.number.tolist(), samples.microstructure.tolist(), samples.parameters.tolist())
    rows = [
        dict(zip(COLUMNS, (number, grains, *parameters), strict=True))
        for number, grains, parameters in zip(*values, strict=True)
    ]
    return csv_text(rows, digits, COLUMNS)


def one_sample(microstructure: int, parameters: np.ndarray) -> Samples:
    """Sample 0 on a grain map, with k1, k2, k3 (3,)."""
    return Samples(np.array([0]), np.array([microstructure]), np.array([parameters], float))


def read_design(path: str | Path) -> Samples:
    """Read and check the table of a design.

    Raises
    ------
    SlipfieldError
        If the file cannot be read, has no samples, lacks a column, repeats a sample, or holds a
        value that is no number of the kind the column needs; names line and column.
    """
    try:
        with open(path, newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle, strict=True)
            _check_header(path, reader.fieldnames)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SlipfieldError(f"{path}: cannot be read as CSV: {one_line(error)}") from error
    if not rows:
        raise SlipfieldError(f"{path}: no samples; write it with `slipfield design`")
    lines: dict[int, int] = {}
    numbers, grains, parameters = [], [], []
    for line, row in rows:
        number = _whole(path, line, row, "sample")
        if number in lines:
            raise SlipfieldError(
                f"{path}: line {line}, column sample: {number} is also on line {lines[number]}; "
                "every sample needs a number of its own"
            )
        lines[number] = line
        numbers.append(number)
        grains.append(_whole(path, line, row, "microstructure"))
        parameters.append([_positive(path, line, row, name) for name in PARAMETERS])
    return Samples(np.array(numbers), np.array(grains, dtype=np.int32), np.array(parameters))


def _check_header(path: str | Path, names: Sequence[str] | None) -> None:
    if names is None:
        raise SlipfieldError(f"{path}: empty; expected the columns {','.join(COLUMNS)}")
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise SlipfieldError(
            f"{path}: line 1: no column {', '.join(missing)}; expected {','.join(COLUMNS)}"
        )


def _whole(path: str | Path, line: int, row: dict, column: str) -> int:
    """Value of a column that holds 0, 1, 2, ..."""
    text = (row[column] or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _wrong(path, line, column, text, "a whole number from 0")
    return int(text)


def _positive(path: str | Path, line: int, row: dict, column: str) -> float:
    """Value of a column that holds finite numbers above zero."""
    text = (row[column] or "").strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise _wrong(path, line, column, text, f"a number above 0 in {PARAMETER_UNITS[column]}")
    return value


def _wrong(path: str | Path, line: int, column: str, text: str, rule: str) -> SlipfieldError:
    return SlipfieldError(f"{path}: line {line}, column {column}: given {text!r}; expected {rule}")
