"""Frames that a finished test would be refused for, or that say nothing new, are no frames."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.live.frames import FrameReader, Recipe
from slipfield.kinds.slip.measure.specimen_file import read_specimen


@pytest.fixture
def reader(begun):
    data = read_specimen(begun)
    recipe = Recipe.of(data, begun)
    return lambda folder: FrameReader(data, recipe, folder)


@pytest.fixture
def files(laboratory, tmp_path):
    return [
        Path(shutil.copy2(path, tmp_path)) for path in sorted((laboratory / "dic").glob("*.csv"))
    ]


def test_a_frame_of_less_than_half_of_the_sheet_is_refused(reader, files, tmp_path):
    read = reader(tmp_path).read
    assert np.isfinite(read(files[1], 1).strain).mean() > 0.5
    head, *rows = files[2].read_text().splitlines(keepends=True)
    files[2].write_text("".join([head, *rows[: len(rows) // 3]]))
    with pytest.raises(
        SlipfieldError, match=r"frame_003.csv: .* % of it is masked; allowed are 50"
    ):
        read(files[2], 2)


def test_a_frame_that_repeats_the_one_before_is_refused(reader, files, tmp_path):
    read = reader(tmp_path).read
    read(files[0], 0), read(files[1], 1)
    shutil.copy2(files[1], files[2])
    with pytest.raises(SlipfieldError, match=r"frame_003.csv: holds the values of frame_002.csv"):
        read(files[2], 2)
    read(files[1], 1)  # the test begins again
    assert read(files[3], 3).elongation > read(files[0], 0).elongation
