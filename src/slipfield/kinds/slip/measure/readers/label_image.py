"""Labelled grain images (PNG, TIFF) and the table of their orientations (CSV)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.scans import Labels
from slipfield.kinds.slip.measure.readers.tables import Column, read_table
from slipfield.kinds.slip.measure.sizes import read_image

EULER_AXES = "x,y"
ANGLE_NAMES = ("phi1", "Phi", "phi2")


def read(path: Path, table: Path | None, background: int | None, degrees: bool) -> Labels:
    """Read an image whose every value (or colour) is a grain, and perhaps its orientations.

    Parameters
    ----------
    table : CSV with the columns label, phi1, Phi, phi2; a unit in the header ("deg" or "rad")
        goes before ``degrees``. Colours are labelled red * 65536 + green * 256 + blue.
    background : value that stands for no grain, or None.
    degrees : whether the angles are in degrees.

    Raises
    ------
    SlipfieldError
        If a file cannot be read, or a grain has no orientation in the table.
    """
    label = _labels(path)
    if background is not None:
        if background not in label:
            raise SlipfieldError(f"background: given {background}; no pixel of {path} has it")
        label = np.where(label == background, -1, label)
    present = np.unique(label[label >= 0])
    if len(present) < 2:
        raise SlipfieldError(f"{path}: {len(present)} grain(s) in the image; expected a grain map")
    if table is None:
        return Labels(label, None)
    euler = _angles(table, degrees)
    missing = [int(value) for value in present if int(value) not in euler]
    if missing:
        raise SlipfieldError(
            f"{table}: no orientation for label {missing[0]} of {path.name}"
            + (f" and {len(missing) - 1} others" if len(missing) > 1 else "")
        )
    return Labels(label, euler)


def _labels(path: Path) -> np.ndarray:
    image = read_image(path, np.dtype(np.int64).itemsize)
    if image.ndim == 3 and image.shape[2] in (3, 4) and image.dtype == np.uint8:
        red, green, blue = np.moveaxis(image[..., :3].astype(np.int64), -1, 0)
        return red * 65536 + green * 256 + blue
    if image.ndim != 2 or image.dtype.kind not in "iu":
        raise SlipfieldError(
            f"{path}: {image.dtype} of shape {image.shape}; expected one whole number a pixel, "
            "or 8-bit colours"
        )
    return image.astype(np.int64)


def _angles(path: Path, degrees: bool) -> dict[int, tuple[float, float, float]]:
    columns = {_bare(name): column for name, column in read_table(path).items()}
    missing = [name for name in ("label", *map(str.lower, ANGLE_NAMES)) if name not in columns]
    if missing:
        raise SlipfieldError(f"{path}: no column {missing[0]}; expected label, phi1, Phi, phi2")
    labels = columns["label"].values
    angles = np.column_stack([_radians(columns[name.lower()], degrees) for name in ANGLE_NAMES])
    if len(np.unique(labels)) != len(labels):
        raise SlipfieldError(f"{path}: a label is there twice")
    if not (np.isfinite(angles).all() and np.array_equal(labels, np.rint(labels))):
        raise SlipfieldError(f"{path}: a label is no whole number, or an angle is missing")
    if np.abs(angles).max() > 4 * np.pi:
        raise SlipfieldError(f"{path}: angles beyond two turns; use --angle-unit degrees or rad")
    return {int(label): tuple(row) for label, row in zip(labels, angles, strict=True)}


def _bare(name: str) -> str:
    lower = name.lower()
    return lower.removesuffix("_deg").removesuffix("_rad").removesuffix("_degrees")


def _radians(column: Column, degrees: bool) -> np.ndarray:
    unit = column.unit or column.name.rpartition("_")[2]
    factor = units.ANGLES.get(units.plain(unit))
    if factor is None:
        factor = units.ANGLES["deg" if degrees else "rad"]
    return factor * column.values
