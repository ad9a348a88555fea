"""Small image files of hostile size: refused by their headers, before anything is unpacked."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph import files
from slipfield.kinds.slip.measure.readers import label_image

READERS = {
    "micrograph": files.read_image,
    "grain map": lambda path: label_image.read(path, None, None, True),
}


def tiff(path, width, height, bits=16):
    """A TIFF whose header claims more than it holds."""
    tifffile.imwrite(path, np.zeros((16, 16), f"u{bits // 8}"), compression="zlib")
    with tifffile.TiffFile(path, mode="r+") as file:
        tags = file.pages[0].tags
        tags["ImageWidth"].overwrite(width)
        tags["ImageLength"].overwrite(height)
    return path


def png(path, width, height):
    """A PNG whose header claims more than it holds."""
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("make", "name"), [(tiff, "map.tif"), (png, "map.png")])
def test_an_image_of_hostile_size_is_one_line(make, name, read, tmp_path):
    path = make(tmp_path / name, 2_000_000, 1_000_000)
    assert path.stat().st_size < 10_000
    with pytest.raises(SlipfieldError) as refused:
        read(path)
    text = str(refused.value)
    assert text.startswith(f"{path}: ") and "\n" not in text
    assert "its values take" in text or "exceeds limit" in text


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_tiff_of_several_pages_is_no_image(read, tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.zeros((5, 16, 16), np.uint8), photometric="minisblack")
    with pytest.raises(SlipfieldError, match="5 images in one file"):
        read(path)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("content", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"\x89PNG\r\n\x1a\n"])
def test_a_damaged_image_is_one_line(content, read, tmp_path):
    path = tmp_path / "map.tif"
    path.write_bytes(content)
    with pytest.raises(SlipfieldError, match="map.tif: not a readable image") as refused:
        read(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("resolution", [(0, 1), (1, 0), (0, 0)])
def test_a_resolution_that_is_no_number_is_none(resolution, tmp_path):
    from slipfield.kinds.micrograph.scale import scale_of

    path = tmp_path / "map.tif"
    image = np.zeros((32, 32), np.uint8)
    tifffile.imwrite(path, image, resolution=(1000, 1000), resolutionunit="INCH")
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages[0].tags["XResolution"].overwrite(resolution)
    with pytest.raises(SlipfieldError, match="map.tif: no size of a pixel in its tags"):
        scale_of(path, image, None, None)
