"""Files of micrographs: label images, pictures that know their scale, folders of `render`."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import complete_file, write_text
from slipfield.core.places import claimed
from slipfield.core.recorded import forget

UM_PER_INCH = 25_400.0
FINEST_UM = 1e6 / (2**32 - 1)
"""Pixels of which a PNG can say the size: it holds pixels per metre in 32 bits."""
COMPRESSION = 3
"""Of PNG files, 1 to 9: under half the time of the usual 6, for label images a quarter larger."""
TRUTH = ("labels", "boundaries", "weak", "phases", "twins")
FACTS, DRAWN, MEASURED = "micrograph.json", "truth.json", "grain_size.json"
"""What `segment`, `render` and `measure` write last, which says that the rest is there."""
BANDS = "bands.yaml"
OF_MEASURE = ("grains.csv", "profile.csv", "grain_size.png", BANDS)


def write_image(path: Path, image: np.ndarray, pixel_um: float | None = None) -> None:
    """Write a PNG of 8 or 16 bits, with the size of a pixel if it is known.

    Parameters
    ----------
    image : (height, width) bool, uint8 or uint16, or (height, width, 3) uint8. Masks become 0, 255.
    pixel_um : size of a pixel, um; kept as pixels per metre (pHYs) from :data:`FINEST_UM` on.
    """
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    scale = {}
    if pixel_um is not None and pixel_um > FINEST_UM:
        scale["dpi"] = (UM_PER_INCH / pixel_um,) * 2
    with complete_file(path) as temporary:
        Image.fromarray(image).save(temporary, "PNG", compress_level=COMPRESSION, **scale)


def read_mask(path: Path) -> np.ndarray:
    """Read a mask (height, width), bool: what is not 0.

    Raises
    ------
    SlipfieldError
        If it is no readable grey image.
    """
    image = read_image(path)
    if image.ndim != 2:
        raise SlipfieldError(f"{path}: a colour image; expected a mask of one value a pixel")
    return image > 0


def read_labels(path: Path) -> np.ndarray:
    """Read a labelled image as whole numbers (height, width), int64.

    Raises
    ------
    SlipfieldError
        If it is no readable label image.
    """
    from slipfield.kinds.slip.measure.readers.label_image import read

    return np.asarray(read(path, None, None, True).label)


def refuse_folder(folder: Path, facts: str, maker: str) -> None:
    """Refuse to write where another verb, whose facts are there, has files of the same names.

    Raises
    ------
    SlipfieldError
        If ``facts`` is in the folder.
    """
    if (folder / facts).exists():
        raise SlipfieldError(
            f"{folder}: holds what {maker} wrote, of which files have the same names; choose "
            "another folder"
        )


def write_rendered(
    folder: Path, preset: str, seed: int, shape: tuple[int, int], labels: str | None
) -> None:
    """Render a micrograph and write it and its truth into ``folder``.

    ``image.png`` knows its scale; ``labels.png`` (16 bit), ``boundaries.png``, ``weak.png``,
    ``phases.png``, ``twins.png`` and ``truth.json`` say what is on it.

    Raises
    ------
    SlipfieldError
        If there is no such preset, or the sizes or the labels are of no use.
    """
    from slipfield.kinds.micrograph.render import render
    from slipfield.kinds.micrograph.scene import scene_of

    refuse_folder(folder, FACTS, "micrograph segment")
    scene = None
    if labels is not None:
        grains = read_labels(Path(labels))
        if len(np.unique(grains)) > np.iinfo(np.uint16).max:
            raise SlipfieldError(f"{labels}: more than 65,535 grains; cut the map")
        scene = scene_of(grains)
    drawn = render(preset, seed, shape, scene)
    truth = {
        "preset": preset,
        "seed": seed,
        "pixel_um": drawn.pixel_um,
        "height_px": int(drawn.labels.shape[0]),
        "width_px": int(drawn.labels.shape[1]),
        "grains": int(drawn.labels.max()),
        "area_fraction": float(drawn.phases.mean()),
    }
    with claimed(folder, "micrograph render"):
        forget(folder / DRAWN)
        write_image(folder / "image.png", drawn.image, drawn.pixel_um)
        for name in TRUTH:
            write_image(folder / f"{name}.png", getattr(drawn, name))
        write_text(folder / DRAWN, json.dumps(truth, indent=2) + "\n")


def read_image(path: Path) -> np.ndarray:
    """Read a micrograph (height, width) or (height, width, 3), 8 or 16 bits, as viewers show it.

    Raises
    ------
    SlipfieldError
        If it is no readable image, too large for this machine, or of one pixel a side.
    """
    from slipfield.kinds.slip.measure import sizes

    image = _as_shown(path, sizes.read_image(path))
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    if image.ndim == 3 and image.shape[2] in (2, 4):
        image = image[..., : image.shape[2] - 1]
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise SlipfieldError(f"{path}: of shape {image.shape}; expected one grey or colour image")
    if image.dtype.kind == "f":
        if not np.isfinite(image).all():
            raise SlipfieldError(f"{path}: has values that are no numbers")
        low, high = float(image.min()), float(image.max())
        image = (65535 * (image - low) / max(high - low, 1e-12)).astype(np.uint16)
    if min(image.shape[:2]) < 16:
        raise SlipfieldError(f"{path}: {image.shape[:2]} px; expected 16 or more each way")
    return image


MIN_IS_WHITE, PALETTE = 0, 3
"""Of a TIFF's tag 262, how values are meant to be seen."""
TURNED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: np.swapaxes(image, 0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(np.swapaxes(image, 0, 1), 2),
    8: np.rot90,
}
"""From the values of a file to the image, by tag 274 of TIFF and Exif; 1 is as they are."""


def _as_shown(path: Path, image: np.ndarray) -> np.ndarray:
    """Image of a file's values: with the colours of its palette, white for 0 where it says so."""
    with warnings.catch_warnings():  # of a large image, which has been read
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            file = Image.open(path)
        except (UnidentifiedImageError, Image.DecompressionBombError):
            return image  # numbers of 64 bits, or an image that is too large for Pillow
    with file:
        tags = getattr(file, "tag_v2", {})
        meaning, turn = tags.get(262), file.getexif().get(274, 1)
        if file.mode == "CMYK" or meaning == PALETTE:
            image = np.asarray(file.convert("RGB"))
        elif meaning == MIN_IS_WHITE and file.mode in ("1", "L"):
            image = np.asarray(file.convert("L"))
        elif meaning == MIN_IS_WHITE and image.dtype.kind == "u":
            image = np.iinfo(image.dtype).max - image
    return np.ascontiguousarray(TURNED[turn](image)) if turn in TURNED else image
