"""Sizes of files against the memory of this machine, before their values are read."""

from __future__ import annotations

import os
import resource
import warnings
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from slipfield.core.errors import SlipfieldError, one_line

MEMORY_SHARE = 1 / 4
"""Share of the memory that the values of one file may take: what is made of them takes more."""


def memory_bytes() -> int:
    """Memory that this process may use: the machine's, or less under ``ulimit -v``."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return machine if limit == resource.RLIM_INFINITY else min(machine, limit)


def too_large(count: int) -> Iterator[str]:
    """Say so if ``count`` bytes of values are more than a file may hold."""
    most = MEMORY_SHARE * memory_bytes()
    if count > most:
        yield (
            f"its values take {count / 1e9:,.3g} GB, of which this machine reads {most / 1e9:.3g}; "
            "give fewer frames or points, or use a machine with more memory"
        )


def check_hdf5(file: h5py.File, path: Path, most_dims: int = 32) -> None:
    """Refuse an HDF5 file of which a data set is too large.

    Parameters
    ----------
    most_dims : data sets of more dimensions, as the patterns in files of orientation maps, are
        not read and do not count.

    Raises
    ------
    SlipfieldError
        Saying how large it is.
    """
    sizes = [0]

    def add(_: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and item.shape and len(item.shape) <= most_dims:
            sizes.append(item.size * item.dtype.itemsize)

    file.visititems(add)
    for problem in too_large(max(sizes)):
        raise SlipfieldError(f"{path}: {problem}")


def read_image(path: Path, pixel_bytes: int = 1) -> np.ndarray:
    """Read an image file (TIFF, PNG, ...).

    Parameters
    ----------
    pixel_bytes : what the caller makes of a pixel takes, if that is more than the file's own.

    Raises
    ------
    SlipfieldError
        If it is no readable image, unpacked it would be too large, or it is one of several of its
        size in a TIFF, which libraries take for colours; nothing is unpacked before.
    """
    from skimage.io import imread

    try:
        count, images = _unpacked_bytes(path, pixel_bytes)
    except FileNotFoundError:
        raise SlipfieldError(f"{path}: no such file") from None
    except Exception as error:  # what a damaged file makes the libraries raise is not listed
        raise SlipfieldError(f"{path}: not a readable image: {one_line(error)[:120]}") from error
    for problem in too_large(count):
        raise SlipfieldError(f"{path}: {problem}")
    if images > 1:
        raise SlipfieldError(
            f"{path}: {images} images in one file; save the one that is meant by itself, and the "
            "channels of a colour image as RGB"
        )
    try:
        return np.asarray(imread(path))
    except Exception as error:
        if (packed := _packed(path)) is not None:
            return packed
        raise SlipfieldError(f"{path}: not a readable image: {one_line(error)[:120]}") from error


def _packed(path: Path) -> np.ndarray | None:
    """Image of a TIFF whose compression (LZW, JPEG, fax) tifffile leaves to others, or None."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            if image.format != "TIFF":
                return None
            return np.asarray(image.convert("RGB") if image.mode == "YCbCr" else image)
    except Exception:  # as above
        return None


def _unpacked_bytes(path: Path, pixel_bytes: int) -> tuple[int, int]:
    """Bytes of an image's values, and images of its size in the file, from its header alone."""
    from PIL import Image
    from tifffile import TiffFile, TiffFileError

    try:
        with TiffFile(path) as file:
            first = file.series[0]
            size = int(np.prod(first.shape, dtype=object)) * max(pixel_bytes, first.dtype.itemsize)
            axes = zip(first.shape, first.axes, strict=True)
            return size, int(np.prod([number for number, axis in axes if axis not in "YXS"]))
    except TiffFileError:  # of another format
        pass
    with warnings.catch_warnings():  # of a large image, which this machine may well read
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path) as image:
            return image.width * image.height * max(pixel_bytes, len(image.getbands())), 1
