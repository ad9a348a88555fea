"""From an image to closed grains: rendered micrographs, whose grains are known."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy import ndimage
from typer.testing import CliRunner

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph.arms import arm_spacing
from slipfield.kinds.micrograph.classical import METHODS
from slipfield.kinds.micrograph.files import read_image, read_labels, write_image, write_rendered
from slipfield.kinds.micrograph.grains import from_probability, numbered
from slipfield.kinds.micrograph.measure import measure
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.scale import scale_of
from slipfield.kinds.micrograph.scene import boundaries_of
from slipfield.kinds.micrograph.segment import SegmentOptions, segment
from slipfield.kinds.micrograph.verbs import app
from slipfield.kinds.micrograph.weights import closing_of


def share_found(truth: np.ndarray, labels: np.ndarray) -> float:
    """Share of true grains of 100 px or more with a grain of IoU above 0.5."""
    key, both = np.unique(truth.astype(np.int64) * 65536 + labels, return_counts=True)
    own, other = np.bincount(truth.ravel()), np.bincount(labels.ravel())
    iou = both / (own[key >> 16] + other[key & 65535] - both)
    large = np.flatnonzero(own >= 100)
    return float(np.isin(large, (key >> 16)[iou > 0.5]).mean())


def test_grains_close_over_gaps():
    """Boundaries of which a quarter of the pixels are all but missing, in stretches."""
    drawn = render("etched-steel", 2, (256, 256))
    noise = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal((256, 256)), 4)
    kept = drawn.boundaries & (noise < np.quantile(noise, 0.75))
    faint = np.where(kept, 1.0, 0.1 * drawn.boundaries)
    labels = from_probability(ndimage.gaussian_filter(faint, 0.7), closing_of())
    assert share_found(drawn.labels, labels) >= 0.95
    assert abs(int(labels.max()) - int(drawn.labels.max())) <= 0.1 * drawn.labels.max()


def test_nothing_is_one_grain_and_labels_are_dense():
    assert from_probability(np.zeros((40, 40)), closing_of()).max() == 1
    assert np.array_equal(np.unique(numbered(np.array([[5, 9], [0, 70000]]))), [0, 1, 2, 3])
    assert np.array_equal(numbered(np.array([[5, 9]])), [[1, 2]])


@pytest.mark.parametrize("method", METHODS)
def test_classical_methods_find_most_of_the_boundaries(method):
    drawn = render("etched-steel", 2, (128, 128))
    probability = METHODS[method](drawn.image)
    assert probability.shape == (128, 128) and 0 <= probability.min() <= probability.max() <= 1
    strong = drawn.boundaries & ~drawn.weak
    near = ndimage.binary_dilation(probability > 0.5, iterations=2)
    chance = near.mean()
    assert near[strong].mean() > max(0.7, 1.5 * chance)


def test_segment_writes_labels_and_where_they_are_from(tmp_path):
    drawn = render("tinted", 1, (200, 220))
    write_image(tmp_path / "image.png", drawn.image, 0.5)
    segment(tmp_path / "image.png", tmp_path / "out", SegmentOptions(method="ridge"))
    labels = np.asarray(Image.open(tmp_path / "out" / "grains.png"))
    facts = json.loads((tmp_path / "out" / "micrograph.json").read_text())
    assert labels.dtype == np.uint16 and labels.max() == facts["grains"]
    assert labels.min() == 1 and np.array_equal(np.unique(labels), np.arange(1, labels.max() + 1))
    assert facts["pixel_um"] == pytest.approx(0.5, rel=1e-3)
    assert np.asarray(Image.open(tmp_path / "out" / "boundaries.png")).dtype == np.uint8
    shown = np.asarray(Image.open(tmp_path / "out" / "overlay.png"))
    assert (shown[boundaries_of(labels)] == (220, 30, 30)).all()
    with pytest.raises(SlipfieldError, match="method: given 'magic'; expected one of network"):
        segment(tmp_path / "image.png", tmp_path / "out", SegmentOptions(method="magic"))
    assert facts["phase_method"] == "otsu" and facts["phase_model"] is None
    both = SegmentOptions(phase_method="otsu", phase_model=tmp_path / "mine.safetensors")
    with pytest.raises(SlipfieldError, match="phase-model: given with phase-method otsu"):
        segment(tmp_path / "image.png", tmp_path / "out", both)
    with pytest.raises(SlipfieldError, match="^model: given with method ridge; leave out one"):
        other = SegmentOptions(method="ridge", model=tmp_path / "mine.safetensors")
        segment(tmp_path / "image.png", tmp_path / "out", other)
    with pytest.raises(SlipfieldError, match="phase-method: given 'magic'; expected one of"):
        segment(tmp_path / "image.png", tmp_path / "out", SegmentOptions(phase_method="magic"))


def test_nothing_that_is_not_its_own_is_written_over(tmp_path):
    """A truth beside a rendered image, an image of a name of its own, and numbers of another."""
    write_rendered(tmp_path / "drawn", "etched-steel", 1, (96, 96), None)
    before = {path: path.read_bytes() for path in (tmp_path / "drawn").iterdir()}
    ridge = SegmentOptions(method="ridge")
    with pytest.raises(SlipfieldError, match="holds what micrograph render wrote"):
        segment(tmp_path / "drawn" / "image.png", tmp_path / "drawn", ridge)
    assert before == {path: path.read_bytes() for path in (tmp_path / "drawn").iterdir()}
    out = tmp_path / "out"
    segment(tmp_path / "drawn" / "image.png", out, ridge)
    with pytest.raises(SlipfieldError, match=r"grains.png: would be written over"):
        segment(out / "grains.png", out, ridge)
    with pytest.raises(SlipfieldError, match="holds what micrograph segment wrote"):
        write_rendered(out, "etched-steel", 1, (96, 96), None)
    measure(out, False, True)
    measure(out, False, False)
    assert not (out / "bands.yaml").exists(), "of an earlier measure"
    segment(tmp_path / "drawn" / "image.png", out, SegmentOptions(method="otsu"))
    kept = {path.name for path in out.iterdir()}
    assert kept == {"grains.png", "boundaries.png", "phases.png", "overlay.png", "micrograph.json"}


def test_a_window_comes_with_what_leaves_its_surroundings_out(tmp_path):
    """The command that `segment` prints: without it the mount, label 0, becomes a grain."""
    write_image(tmp_path / "image.png", render("etched-steel", 1, (120, 160)).image, 0.5)
    window = ["--method", "ridge", "--window", "20", "10", "150", "100"]
    command = ["segment", str(tmp_path / "image.png"), *window, "--output", str(tmp_path / "out")]
    said = CliRunner().invoke(app, command).stdout
    assert "the scale bar counts as grains" not in said
    printed = next(line.split() for line in said.splitlines() if "import grains" in line)
    place = printed.index("--origin")
    assert printed[printed.index("--background") + 1] == "0"
    assert [float(each) for each in printed[place + 1 : place + 3]] == pytest.approx([-0.01, -0.01])


def test_a_bar_that_is_measured_with_the_grains_is_told(tmp_path):
    write_image(tmp_path / "image.png", barred())
    command = ["segment", str(tmp_path / "image.png"), "--bar-um", "25", "--method", "otsu"]
    said = CliRunner().invoke(app, [*command, "--output", str(tmp_path / "out")]).stdout
    assert "the scale bar counts as grains: --window leaves it out" in said


def test_second_phase_is_the_networks_by_default(tmp_path):
    drawn = render("mg-gd", 5, (192, 192))
    write_image(tmp_path / "image.png", drawn.image, 0.5)
    facts = segment(tmp_path / "image.png", tmp_path / "out", SegmentOptions())
    assert facts["phase_model"] == "phases.safetensors" and facts["phase_model_sha256"]
    found = np.asarray(Image.open(tmp_path / "out" / "phases.png")) > 0
    true = drawn.phases > 0
    assert (found & true).sum() > 0.4 * (found | true).sum()


@pytest.mark.slow
def test_outside_of_the_window_is_no_grain(tmp_path):
    drawn = render("etched-steel", 1, (120, 200))
    image = np.full((160, 200), 20, np.uint8)
    image[30:150] = drawn.image
    write_image(tmp_path / "image.png", image)
    window = SegmentOptions(pixel_um=0.5, method="ridge", window=(0, 30, 200, 150))
    segment(tmp_path / "image.png", tmp_path / "out", window)
    labels = np.asarray(Image.open(tmp_path / "out" / "grains.png"))
    assert (labels[30:150] > 0).all() and not labels[:30].any() and not labels[150:].any()
    found = measure(tmp_path / "out", False, True)
    assert found["bands"][-1]["high_um"] == pytest.approx(60.0)
    bad = SegmentOptions(pixel_um=0.5, method="ridge", window=(0, 30, 201, 150))
    with pytest.raises(SlipfieldError, match="window: given 0 30 201 150"):
        segment(tmp_path / "image.png", tmp_path / "out", bad)


def barred() -> np.ndarray:
    image = np.full((120, 200), 90, np.uint8)
    image[100:104, 130:180] = 255
    return image


def test_scale_is_found_or_asked_for(tmp_path):
    image = barred()
    tifffile.imwrite(
        tmp_path / "a.tif", image, resolution=(1e4 / 0.25, 1e4 / 0.25), resolutionunit="CENTIMETER"
    )
    assert scale_of(tmp_path / "a.tif", image, None, None).pixel_um == pytest.approx(0.25)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
        for name in ("XResolution", "YResolution"):
            file.pages[0].tags[name].overwrite(2e4, dtype="f")  # as some programs write it
    assert scale_of(tmp_path / "a.tif", image, None, None).pixel_um == pytest.approx(0.5)
    for unit, um in (("um", 0.5), ("\\u00B5m", 0.5), ("nm", 5e-4), ("mm", 500.0)):
        facts = {"imagej": True, "resolution": (2.0, 2.0), "metadata": {"unit": unit}}
        tifffile.imwrite(tmp_path / "b.tif", image, **facts)
        found = scale_of(tmp_path / "b.tif", image, None, None)
        assert (found.pixel_um, found.source) == (pytest.approx(um), "ImageJ's tags")
    Image.fromarray(image).save(tmp_path / "c.png", dpi=(300, 300))
    with pytest.raises(SlipfieldError, match=r"use --pixel-um, or --bar-um \(a bar of 50 px"):
        scale_of(tmp_path / "c.png", image, None, None)
    assert scale_of(tmp_path / "c.png", image, None, 25.0).pixel_um == pytest.approx(0.5)
    assert scale_of(tmp_path / "c.png", image, 3.0, 25.0).pixel_um == 3.0
    with pytest.raises(SlipfieldError, match="pixel-um: given -1"):
        scale_of(tmp_path / "c.png", image, -1.0, None)
    with pytest.raises(SlipfieldError, match="no scale bar found"):
        scale_of(tmp_path / "c.png", np.full((100, 100), 7, np.uint8), None, 25.0)


@pytest.mark.parametrize("unit", ["inch", "cm"])
def test_a_printers_resolution_is_no_scale_in_imagejs_tags_either(unit, tmp_path):
    """ImageJ calibrates what says 72 dots per inch with 72 pixels per inch: 353 um a pixel."""
    dots = {"inch": 72.0, "cm": 72.0 / 2.54}[unit]
    facts = {"imagej": True, "resolution": (dots, dots), "metadata": {"unit": unit}}
    tifffile.imwrite(tmp_path / "a.tif", barred(), **facts)
    with pytest.raises(SlipfieldError, match="no size of a pixel in its tags"):
        scale_of(tmp_path / "a.tif", barred(), None, None)


FEI = "[User]\r\nDate=1\r\n[Scan]\r\nPixelWidth={0}\r\nPixelHeight={1}\r\n[Stage]\r\nStageX=1\r\n"
ZEISS = (
    "1\r\nDP_MAG\r\nMag = 500 X\r\nAP_{1}PIXEL_SIZE\r\nPixel Size = {0}\r\nAP_WD\r\nWD = 8 mm\r\n"
)


@pytest.mark.parametrize(
    ("tag", "text", "pixel_um"),
    [
        (34682, FEI.format("2.5e-007", "2.5e-007"), 0.25),
        (34680, FEI.format("1.03e-006", "1.03e-006"), 1.03),
        (34118, ZEISS.format("279.1 nm", "IMAGE_"), 0.2791),
        (34118, ZEISS.format("1.117 \u00b5m", ""), 1.117),
    ],
)
def test_electron_microscopes_say_the_size_of_a_pixel(tag, text, pixel_um, tmp_path):
    """Beside it, their resolution may be that of a screen, or of an earlier image."""
    path, content = tmp_path / "a.tif", text.encode("latin-1")
    facts = {"resolution": (5e4, 5e4), "resolutionunit": "INCH"}
    tifffile.imwrite(path, barred(), extratags=[(tag, 2, len(content), content, True)], **facts)
    found = scale_of(path, barred(), None, None)
    assert found.pixel_um == pytest.approx(pixel_um) and found.source == "the microscope's tags"
    assert scale_of(path, barred(), 3.0, None).pixel_um == 3.0


def test_a_tilted_image_of_an_electron_microscope_is_refused(tmp_path):
    content = FEI.format("2.5e-007", "4.0e-007").encode()
    extra = [(34682, 2, len(content), content, True)]
    tifffile.imwrite(tmp_path / "a.tif", barred(), extratags=extra)
    with pytest.raises(SlipfieldError, match=r"0\.25 um wide and 0\.4 um high; scale it"):
        scale_of(tmp_path / "a.tif", barred(), None, None)
    content = b"[Scan]\r\nPixelWidth=none\r\n"
    extra = [(34682, 2, len(content), content, True)]
    tifffile.imwrite(tmp_path / "a.tif", barred(), extratags=extra)
    with pytest.raises(SlipfieldError, match="no size of a pixel in its tags"):
        scale_of(tmp_path / "a.tif", barred(), None, None)


def test_pixels_that_are_no_squares_are_refused(tmp_path):
    image, um = barred(), {"resolutionunit": "CENTIMETER"}
    tifffile.imwrite(tmp_path / "a.tif", image, resolution=(1e4 / 0.5, 1e4 / 0.25), **um)
    Image.fromarray(image).save(tmp_path / "a.png", dpi=(25_400 / 0.5, 25_400 / 0.25))
    for name in ("a.tif", "a.png"):
        with pytest.raises(SlipfieldError, match=r"0.5\d* um wide and 0.25\d* um high; scale it"):
            scale_of(tmp_path / name, image, None, None)
        assert scale_of(tmp_path / name, image, 0.5, None).source == "given"
    tifffile.imwrite(tmp_path / "b.tif", image, resolution=(1e4 / 0.5, 1e4 / 0.501), **um)
    assert scale_of(tmp_path / "b.tif", image, None, None).pixel_um == pytest.approx(0.5)


def test_a_scale_bar_with_its_number_between_its_halves_is_one(tmp_path):
    """As electron microscopes draw it; the half alone would be a third of its length."""
    image = np.full((120, 400), 20, np.uint8)
    image[100:103, 120:190] = image[100:103, 230:299] = 255
    image[97:106, 120:122] = image[97:106, 297:299] = 255
    found = scale_of(tmp_path / "a.png", image, None, 89.5)
    assert found.pixel_um == pytest.approx(0.5) and "179 px from x 120, y 100" in found.source


@pytest.mark.parametrize("margin", [4, 8, 12])
@pytest.mark.parametrize("ink", [0, 255])
def test_what_a_box_has_left_below_its_bar_is_no_bar(margin, ink, tmp_path):
    """It was taken for the bar, which is 3 to 11 % shorter."""
    image = np.random.default_rng(0).integers(60, 200, (300, 640)).astype(np.uint8)
    image[250:276, 300 - margin : 500 + margin] = 255 - ink
    image[266:270, 300:500] = ink
    found = scale_of(tmp_path / "a.png", image, None, 100.0)
    assert found.pixel_um == pytest.approx(0.5) and "200 px from x 300, y 266" in found.source


def test_the_halves_of_a_short_bar_are_one(tmp_path):
    """One half of 26 px was taken for the bar, the other one was too short."""
    image = np.full((120, 640), 20, np.uint8)
    image[100:103, 120:145] = image[100:103, 194:220] = 255
    assert scale_of(tmp_path / "a.png", image, None, 50.0).pixel_um == pytest.approx(0.5)


def test_of_several_bars_none_is_taken(tmp_path):
    image = barred()
    image[90, 20:125] = 255
    with pytest.raises(SlipfieldError, match=r"2 bars are on it \(105 px at y 90, 50 px at y 100"):
        scale_of(tmp_path / "a.png", image, None, 25.0)
    Image.fromarray(image).save(tmp_path / "a.png")
    with pytest.raises(SlipfieldError, match="or --bar-um with the length"):
        scale_of(tmp_path / "a.png", image, None, None)


def test_an_image_is_read_as_viewers_show_it(tmp_path):
    """Compressions of microscopes, palettes, inverted tones, inks, and a turned camera."""
    grey = np.add.outer(np.arange(24), 3 * np.arange(40)).astype(np.uint8)
    order = np.random.default_rng(0).permutation(256)
    colours = np.zeros((3, 256), np.uint16)
    colours[:, order] = np.arange(256) * 257
    folder = tmp_path
    for compression in ("tiff_lzw", "jpeg"):
        Image.fromarray(grey).save(folder / f"{compression}.tif", compression=compression)
    preview = {"save_all": True, "append_images": [Image.fromarray(grey[::2, ::2])]}
    Image.fromarray(grey).save(folder / "preview.tif", compression="tiff_lzw", **preview)
    tifffile.imwrite(folder / "palette.tif", order[grey].astype(np.uint8), colormap=colours)
    tifffile.imwrite(folder / "white0.tif", 255 - grey, photometric="miniswhite")
    tifffile.imwrite(folder / "16.tif", 65535 - grey.astype(np.uint16), photometric="miniswhite")
    Image.fromarray(grey).convert("CMYK").save(folder / "inks.tif")
    tifffile.imwrite(folder / "double.tif", grey.astype(float) * 257)
    turned = Image.Exif()
    turned[274] = 6
    Image.fromarray(np.rot90(grey)).save(folder / "turned.jpg", exif=turned, quality=97)
    for path in sorted(folder.iterdir()):
        image = read_image(path).astype(float)
        shown = image if image.ndim == 2 else image.mean(axis=2)
        assert shown.shape == grey.shape, path.name
        assert np.corrcoef(shown.ravel(), grey.ravel())[0, 1] > 0.995, path.name


@pytest.mark.parametrize("read", [read_image, read_labels])
@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_slices_of_a_stack_are_no_colours(tmp_path, read, count):
    """Three or four slices were taken for red, green and blue."""
    stack = np.random.default_rng(0).integers(1, 9, (count, 40, 50)).astype(np.uint8)
    first, *others = map(Image.fromarray, stack)
    packed = {"save_all": True, "append_images": others, "compression": "tiff_lzw"}
    first.save(tmp_path / "packed.tif", **packed)
    tifffile.imwrite(tmp_path / "slices.tif", stack, photometric="minisblack")
    tifffile.imwrite(tmp_path / "imagej.tif", stack.astype(np.uint16), imagej=True)
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(SlipfieldError, match=rf"{path.name}: {count} images in one file; save"):
            read(path)
    planes = {"photometric": "rgb", "planarconfig": "separate"}
    tifffile.imwrite(tmp_path / "colour.tif", np.repeat(stack[:1], 3, axis=0), **planes)
    assert read(tmp_path / "colour.tif").shape[:2] == (40, 50)


@pytest.mark.parametrize("limit", [200, 3000])
def test_a_mosaic_that_is_large_for_one_library_is_read(limit, tmp_path, monkeypatch, recwarn):
    """Pillow refuses images beyond twice its limit, and warns beyond it."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    tifffile.imwrite(tmp_path / "a.tif", barred()[:64, :64], resolution=(5e4, 5e4))
    image = read_image(tmp_path / "a.tif")
    assert image.shape == (64, 64) and not recwarn
    assert scale_of(tmp_path / "a.tif", image, None, None).pixel_um == pytest.approx(0.508)


@pytest.mark.parametrize("pixel_um", [2e-4, 2.4e-4, 5e-4, 1e5])
def test_sizes_of_pixels_from_atoms_to_houses_are_kept(pixel_um, tmp_path):
    """PNG says pixels per metre in 32 bits: pixels below 0.23 nm ended with an error."""
    write_image(tmp_path / "image.png", render("etched-steel", 1, (64, 64)).image)
    facts = segment(
        tmp_path / "image.png", tmp_path / "out", SegmentOptions(pixel_um, method="otsu")
    )
    assert facts["pixel_um"] == pixel_um
    size = measure(tmp_path / "out", False, False)["mean_intercept_um"]["value"]
    assert 3 * pixel_um < size < 64 * pixel_um


def test_arm_spacing_of_a_grating():
    x = np.arange(400)
    image = np.tile(128 + 90 * np.cos(2 * np.pi * x / 32), (60, 1)).astype(np.uint8)
    spacing, number = arm_spacing(image, (5.0, 30.0, 390.0, 30.0), 0.5)
    assert spacing.value == pytest.approx(16.0, rel=0.02) and number in (11, 12)
    assert spacing.low <= 16.0 <= spacing.high and spacing.high - spacing.low < 0.5
    with pytest.raises(SlipfieldError, match="leaves the image"):
        arm_spacing(image, (5.0, 30.0, 500.0, 30.0), 0.5)
    with pytest.raises(SlipfieldError, match="expected 3 or more"):
        arm_spacing(image, (200.0, 10.0, 200.0, 50.0), 0.5)


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_arms_that_slant_and_lie_unevenly_are_counted(slope):
    """The interval of the mean gap holds the spacing that the arms were drawn about."""
    random, held = np.random.default_rng(2), 0
    y, x = np.mgrid[:80, :700]
    for _ in range(20):
        gaps = 30.0 * np.exp(random.normal(0, 0.15, 40))
        at = np.cumsum(gaps) - 200
        away = np.abs((x + slope * (y - 40))[..., None] - at).min(-1)
        image = 90 + 80 * np.exp(-((away / 7) ** 2)) + 25 * random.standard_normal(x.shape)
        found, _ = arm_spacing(image.clip(0, 255).astype(np.uint8), (10, 40, 690, 40), 1.0)
        held += found.low <= 30.0 * np.exp(0.5 * 0.15**2) <= found.high
    assert held >= 17


def test_noise_has_no_arms_and_fine_ones_are_refused():
    """Noise had a spacing of 16 px, and arms 5 px apart one of 7 px."""
    random = np.random.default_rng(0)
    noise = random.integers(0, 255, (60, 600)).astype(np.uint8)
    with pytest.raises(SlipfieldError, match="two sides of the line do not go together"):
        arm_spacing(noise, (5, 30, 590, 30), 1.0)
    fine = np.tile(128 + 60 * np.cos(2 * np.pi * np.arange(600) / 6), (60, 1)).astype(np.uint8)
    with pytest.raises(SlipfieldError, match="arms: 6 px apart; below 8 px some are missed"):
        arm_spacing(fine, (5, 30, 590, 30), 1.0)
