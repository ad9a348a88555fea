"""Information bars, boxes and margins of micrographs, which are no specimen."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from slipfield.kinds.micrograph.files import read_image, write_image
from slipfield.kinds.micrograph.pool import marked_pairs
from slipfield.kinds.micrograph.presets import PRESETS
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.surroundings import surroundings_of
from slipfield.kinds.micrograph.verbs import app

WIDE, HIGH, BAR = 480, 320, 40


def specimen(preset: str = "sem-two-phase", seed: int = 3) -> np.ndarray:
    image = render(preset, seed, (HIGH, WIDE)).image
    return image if image.ndim == 2 else image[..., 0]


def bar(background: int, ink: int) -> np.ndarray:
    """Two lines of text between lines across, and a scale bar of 100 px."""
    picture = Image.new("L", (WIDE, BAR), background)
    draw = ImageDraw.Draw(picture)
    draw.line((0, 20, WIDE, 20), fill=ink)
    draw.line((240, 0, 240, BAR), fill=ink)
    for row in (4, 24):
        draw.text((6, row), "HV 20.00 kV  mag 500 x  det ETD  WD 10 mm", fill=ink)
    draw.rectangle((300, 30, 399, 32), fill=ink)
    return np.asarray(picture)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_specimen_alone_stays_whole(preset, seed, tmp_path):
    write_image(tmp_path / "a.png", render(preset, seed, (HIGH, WIDE)).image)
    assert surroundings_of(read_image(tmp_path / "a.png")) == (None, [])


@pytest.mark.parametrize(
    ("preset", "seed"), [("etched-steel", 103), ("etched-steel", 111), ("tinted", 103)]
)
def test_light_and_dark_grains_are_no_boxes(preset, seed, tmp_path):
    """They are lighter or darker than all of the image's middle, and one of them fills its box."""
    write_image(tmp_path / "a.png", render(preset, seed, (280, 360)).image)
    assert surroundings_of(read_image(tmp_path / "a.png")) == (None, [])


@pytest.mark.parametrize(("scale", "apart"), [(1.0, 66), (0.75, 75), (0.5, 80)])
def test_a_bar_full_of_text_is_found(scale, apart, tmp_path):
    """In a third of its rows less than half is background."""
    picture = Image.new("L", (WIDE, BAR + 20), 0)
    draw = ImageDraw.Draw(picture)
    for row in range(4, BAR + 8, 13):
        for column in range(4, WIDE - 20, apart):
            draw.text((column, row), "WBM8HNE0", fill=255)
    whole = Image.fromarray(np.vstack([specimen("mg-gd"), np.asarray(picture)]))
    size = round(scale * WIDE), round(scale * (HIGH + BAR + 20))
    whole.resize(size, Image.Resampling.BILINEAR).save(tmp_path / "a.png")
    window, _ = surroundings_of(read_image(tmp_path / "a.png"))
    assert window is not None and abs(window[3] - scale * HIGH) <= 2


@pytest.mark.parametrize("preset", ["sem-two-phase", "etched-steel", "twinned"])
@pytest.mark.parametrize(("background", "ink"), [(0, 255), (255, 0), (120, 255), (40, 200)])
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_bars_of_many_kinds_are_found_to_the_row(preset, background, ink, name, tmp_path):
    below = np.vstack([specimen(preset), bar(background, ink)])
    for image, expected in (
        (below, (0, 0, WIDE, HIGH)),
        (np.vstack([bar(background, ink)[:24], below]), (0, 24, WIDE, HIGH + 24)),
    ):
        Image.fromarray(image).save(tmp_path / name, quality=70)
        window, notes = surroundings_of(read_image(tmp_path / name))
        assert window is not None and np.abs(np.subtract(window, expected)).max() <= 2
        assert len(notes) == 1 + (expected[1] > 0)
        assert "even rows at the bottom" in notes[-1]


def test_the_bar_of_an_electron_microscope_is_no_grain(tmp_path):
    """With the bar as grains the area fraction was 0.19 where that of the specimen is 0.25."""
    path, out = tmp_path / "a.png", tmp_path / "out"
    write_image(path, np.vstack([specimen(), bar(0, 255)]))
    command = ["segment", str(path), "--bar-um", "50", "--method", "ridge", "--output", str(out)]
    said = CliRunner().invoke(app, command).stdout
    assert f"left out: {BAR} even rows at the bottom" in said and "0.5 um a pixel" in said
    assert "the scale bar counts as grains" not in said and "--background 0" in said
    labels = np.asarray(Image.open(out / "grains.png"))
    assert labels[:HIGH].all() and not labels[HIGH:].any()
    assert json.loads((out / "micrograph.json").read_text())["window_px"] == [0, 0, WIDE, HIGH]
    whole = ["--window", "0", "0", str(WIDE), str(HIGH + BAR)]
    said = CliRunner().invoke(app, [*command, *whole]).stdout
    assert "left out" not in said and np.asarray(Image.open(out / "grains.png")).all()


def test_twelve_bits_of_a_camera_and_broken_pixels_change_nothing(tmp_path):
    """All of the image was one tone beside a white of 16 bits."""
    image = specimen().astype(np.uint16) * 16
    image[::61, ::67] = 65535
    for bars, expected in (((), None), ((bar(0, 255).astype(np.uint16) * 257,), HIGH)):
        write_image(tmp_path / "a.png", np.vstack([image, *bars]))
        window, notes = surroundings_of(read_image(tmp_path / "a.png"))
        assert window == (expected and (0, 0, WIDE, expected)) and len(notes) == len(bars)


def test_bars_of_marked_images_are_no_matrix(tmp_path, capsys):
    """They counted as what is no second phase, in training and in scores."""
    for name, below in (("images", bar(0, 255)), ("truths", np.zeros((BAR, WIDE), np.uint8))):
        (tmp_path / name).mkdir()
        whole = specimen() if name == "images" else 255 * (specimen() > 180).astype(np.uint8)
        Image.fromarray(np.vstack([whole, below])).save(tmp_path / name / "a.png")
    ((_, image, mark),) = marked_pairs(tmp_path / "images", tmp_path / "truths")
    assert image.shape == mark.shape == (HIGH, WIDE)
    assert (mark == (specimen() > 180)).all() and (image == specimen()).all()
    assert f"a.png: {BAR} rows of an information bar are left out" in capsys.readouterr().err


def test_boxes_and_empty_margins_are_told(tmp_path):
    image = specimen().copy()
    image[270:300, 300:460] = 255
    image[284:287, 330:430] = 0
    image[:, :25] = 0
    write_image(tmp_path / "a.png", image)
    window, notes = surroundings_of(read_image(tmp_path / "a.png"))
    assert window is None
    assert [note.split(" px")[0] for note in notes] == [
        "black from x 0 to 25, y 0 to 320",
        "white from x 300 to 460, y 270 to 300",
        "even along whole sides, and of another tone than the rest: if it is the mount, --window "
        "25 0 480 320 leaves it out; else it counts as grains",
    ]
    assert surroundings_of(read_image(tmp_path / "a.png"), (25, 0, 480, 270)) == (
        (25, 0, 480, 270),
        [],
    )


@pytest.mark.parametrize("turns", [0, 1])
def test_a_mount_is_told_with_the_window_that_leaves_it_out(tmp_path, turns):
    """Dark resin with some dust above and below the sheet, or beside it."""
    random = np.random.default_rng(4)
    image = random.normal(40, 2, (340, 360)).clip(0, 255).astype(np.uint8)
    image[5:9, 40:60] = 90  # dust
    image[90:250] = render("tinted", 2, (160, 360)).image.mean(axis=2)
    write_image(tmp_path / "sheet.png", np.rot90(image, turns))
    window, notes = surroundings_of(read_image(tmp_path / "sheet.png"))
    assert window is None and len(notes) == 1 and "if it is the mount" in notes[0]
    words = notes[0].split("--window ")[1].split()
    found = np.array([int(each) for each in words[:4]])
    expected = (0, 90, 360, 250) if turns == 0 else (90, 0, 250, 360)
    assert np.abs(found - expected).max() <= 2
    write_image(tmp_path / "whole.png", render("tinted", 2, (160, 360)).image)
    assert surroundings_of(read_image(tmp_path / "whole.png")) == (None, [])


def test_a_bar_on_a_mount_is_told_where_rows_at_the_top_are_left_out(tmp_path):
    """As on a sheet between mounts: the upper one went as an information bar, and the word, too."""
    mount = np.full((40, 200), 20, np.uint8)
    image = np.vstack([mount, render("etched-steel", 1, (160, 200)).image, mount, mount])
    image[220:224, 130:180] = 255
    write_image(tmp_path / "image.png", image)
    command = ["segment", str(tmp_path / "image.png"), "--bar-um", "25", "--method", "otsu"]
    command += ["--output", str(tmp_path / "out")]
    said = CliRunner().invoke(app, command).stdout
    assert "left out: 40 even rows at the top" in said
    assert said.count("the scale bar counts as grains") == 1
    for lower, told in (("280", True), ("200", False)):
        held = CliRunner().invoke(app, [*command, "--window", "0", "40", "200", lower]).stdout
        assert ("the scale bar counts as grains" in held) == told
