"""Rendered micrographs to train on: a pool, and batches of turned and mirrored pieces of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from slipfield.core.errors import SlipfieldError
from slipfield.core.progress import say, track
from slipfield.kinds.micrograph.scene import Scene, tessellate
from slipfield.kinds.micrograph.tones import standardised

PIECE_PX = 192
POOL_PX = 320
COLUMNAR_EVERY = 4
COLUMN_PX, STRETCH = (12.0, 45.0), (2.0, 8.0)
"""One image of so many shows columnar grains, of this width, and length over width: side by side
they look like twins, which are no boundaries."""
TRAINING_SEEDS = 1_000_000
"""Seeds of renderings for training begin here; lower ones are never trained on."""


@dataclass(frozen=True)
class Pool:
    """Images, standardised float16 (height, width), and their truths, bool; each of its own size.

    No side is shorter than a piece. Every image is drawn from as often as the others.
    """

    images: Sequence[np.ndarray]
    truths: Sequence[np.ndarray]

    def batch(self, generator: np.random.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw pieces (size, 1, piece, piece) and their truths, with random contrast and noise."""
        images, truths = [], []
        for number in generator.integers(len(self.images), size=size):
            whole = self.images[number], self.truths[number]
            y, x = (generator.integers(side - PIECE_PX + 1) for side in whole[0].shape)
            turns, mirrored = generator.integers(4), generator.integers(2)
            window = (slice(y, y + PIECE_PX), slice(x, x + PIECE_PX))
            pair = [np.rot90(each[window], int(turns)) for each in whole]
            image, truth = (each[:, ::-1] if mirrored else each for each in pair)
            images.append(_varied(image.astype(np.float32), generator))
            truths.append(truth.astype(np.float32))
        return (
            torch.from_numpy(np.stack(images))[:, None],
            torch.from_numpy(np.stack(truths))[:, None],
        )


def _varied(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Another contrast, a bent tone curve, noise; a tenth of the images are negatives."""
    contrast = np.exp(generator.normal(0, 0.2))
    image = contrast * (image + generator.normal(0, 0.1) * (image**2 - 1))
    if generator.random() < 0.1:
        image = -image
    noise = generator.exponential(0.05)
    varied = image + noise * generator.standard_normal(image.shape, np.float32)
    return varied.astype(np.float32)


def rendered_pool(task: str, presets: Sequence[str], count: int) -> Pool:
    """Render ``count`` micrographs of the presets in turn, some with columnar grains.

    Parameters
    ----------
    task : "boundaries" or "phases".
    """
    from slipfield.kinds.micrograph.render import render

    images, truths = [], []
    for number in track(range(count), "render"):
        preset, shape = presets[number % len(presets)], (POOL_PX, POOL_PX)
        columns = number // len(presets) % COLUMNAR_EVERY == 0
        made = render(
            preset, TRAINING_SEEDS + number, shape, _columns(number, shape) if columns else None
        )
        images.append(standardised(made.image).astype(np.float16))
        truths.append(made.boundaries if task == "boundaries" else made.phases > 0)
    return Pool(images, truths)


def _columns(number: int, shape: tuple[int, int]) -> Scene:
    """Columnar grains."""
    random = np.random.default_rng([TRAINING_SEEDS, number])
    width, stretch = random.uniform(*COLUMN_PX), random.uniform(*STRETCH)
    spread, warp = random.uniform(0.1, 0.4), random.uniform(0.0, 0.05)
    return tessellate(shape, width, spread, 0.0, warp, random, stretch)


def marked_pool(images: Path, truths: Path) -> Pool:
    """Pool of images that somebody has marked, such as the second phase of one's own alloy.

    Parameters
    ----------
    images, truths : folders. A truth's name begins with that of its image; it marks pixels by a
        colour on a grey image, or, without colours, by values that are not 0.

    Raises
    ------
    SlipfieldError
        If a truth or an image is missing, too small, or of another size.
    """
    whole, marks = [], []
    for name, image, mark in marked_pairs(images, truths):
        height, width = mark.shape
        if min(height, width) < PIECE_PX:
            raise SlipfieldError(
                f"{images / name}: {width} x {height} px; expected {PIECE_PX} px or more each way"
            )
        whole.append(standardised(image).astype(np.float16))
        marks.append(mark)
    return Pool(whole, marks)


def files_of(folder: Path) -> list[Path]:
    """Files in a folder by name.

    Raises
    ------
    SlipfieldError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise SlipfieldError(f"{folder}: no such folder")
    return [path for path in sorted(folder.iterdir()) if path.is_file()]


def marked_pairs(images: Path, truths: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, image (height, width) or (height, width, 3), and truth (height, width), bool, of each.

    Information bars of microscopes are cut off.

    Raises
    ------
    SlipfieldError
        As :func:`marked_pool`.
    """
    from slipfield.kinds.micrograph.files import read_image
    from slipfield.kinds.micrograph.surroundings import information_bars

    found = files_of(images)
    if not found:
        raise SlipfieldError(f"{images}: no images")
    for path in found:
        truth = _truth_of(path, truths)
        image, mark = read_image(path), read_image(truth)
        if mark.ndim == 3:
            mark = _marks(mark)
        if image.shape[:2] != mark.shape:
            raise SlipfieldError(
                f"{truth}: {mark.shape} px, but its image has {image.shape[:2]}; expected the same"
            )
        above, below = information_bars(image)
        if above or below:
            say(f"{path.name}: {above + below} rows of an information bar are left out")
        held = slice(above, len(mark) - below)
        yield path.name, image[held], mark[held] > 0


def _marks(truth: np.ndarray) -> np.ndarray:
    """What is marked (height, width), not 0: coloured pixels, or the white of black and white."""
    tints = np.ptp(truth.astype(np.int32), axis=2)
    if not tints.any() and len(np.unique(truth)) <= 2:
        return truth[..., 0]
    return tints


def _truth_of(path: Path, truths: Path) -> Path:
    """The truth of an image: of its name, or of one that goes on after it, but not with its number.

    Raises
    ------
    SlipfieldError
        If there is none, or several.
    """
    numbered, begins = path.stem[-1:].isdigit(), len(path.stem)
    found = [
        each
        for each in files_of(truths)
        if each.name.startswith(path.stem) and not (numbered and each.name[begins:][:1].isdigit())
    ]
    same = [each for each in found if each.stem == path.stem] or found
    if not same:
        raise SlipfieldError(f"{truths}: no file that begins with {path.stem}")
    if len(same) > 1:
        names = ", ".join(each.name for each in same[:3])
        raise SlipfieldError(f"{truths}: several files are the truth of {path.name}: {names}")
    return same[0]
