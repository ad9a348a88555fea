"""Networks of micrographs: pixel differences as defined, sizes, files, tiles, and training."""

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt
from skimage.io import imsave

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph import boundary_network, defaults, nested_unet, tiles
from slipfield.kinds.micrograph.boundary_network import (
    BoundaryNetwork,
    BoundarySettings,
    dice_loss,
)
from slipfield.kinds.micrograph.defaults import RENDERED_PHASE
from slipfield.kinds.micrograph.methods import network_finder, phase_method
from slipfield.kinds.micrograph.nested_unet import NestedSettings, NestedUNet
from slipfield.kinds.micrograph.pixel_difference import PixelDifferenceConv, as_plain
from slipfield.kinds.micrograph.pool import PIECE_PX, Pool, _varied, marked_pool
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.tones import grey
from slipfield.kinds.micrograph.training import rate_share, running_mean, train
from slipfield.kinds.micrograph.weights import (
    MARKED,
    border_of,
    count_parameters,
    load_network,
    save_network,
)

STEPS = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
"""Clockwise around a pixel, from the upper left."""


def differences(image: np.ndarray, weight: np.ndarray, kind: str) -> np.ndarray:
    """Pixel-difference convolution of one channel, pixel by pixel, as its definition reads."""
    height, width = image.shape
    padded = np.pad(image, 2)
    found = np.zeros(image.shape)
    weights = {step: weight[(step[0] + 1) * 3 + step[1] + 1] for step in STEPS}
    for y in range(height):
        for x in range(width):

            def at(step, y=y, x=x):
                return padded[y + 2 + step[0], x + 2 + step[1]]

            for number, step in enumerate(STEPS):
                other = {
                    "central": (0, 0),
                    "angular": STEPS[(number + 1) % 8],
                    "radial": step,
                }[kind]
                first = (2 * step[0], 2 * step[1]) if kind == "radial" else step
                found[y, x] += weights[step] * (at(first) - at(other))
    return found


@pytest.mark.parametrize("kind", ["central", "angular", "radial"])
def test_pixel_differences_are_their_definition(kind):
    torch.manual_seed(0)
    layer = PixelDifferenceConv(2, kind).double()
    image = torch.rand(1, 2, 7, 6, dtype=torch.float64)
    with torch.no_grad():
        found = layer(image).numpy()
    weights = layer.weight.detach().numpy()
    for channel in range(2):
        expected = differences(image[0, channel].numpy(), weights[channel], kind)
        assert found[0, channel] == pytest.approx(expected, abs=1e-12)


def test_plain_form_answers_the_same_with_its_normalisation():
    torch.manual_seed(0)
    network = BoundaryNetwork().double()
    for _ in range(3):
        network(torch.randn(2, 1, 32, 32, dtype=torch.float64))
    network.eval()
    plain = as_plain(network)
    assert not any(isinstance(each, PixelDifferenceConv) for each in plain.modules())
    image = torch.randn(1, 1, 40, 48, dtype=torch.float64)
    with torch.no_grad():
        for found, expected in zip(plain(image), network(image), strict=True):
            assert torch.allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize(
    ("network", "parameters"),
    [
        (BoundaryNetwork(boundary_network.PUBLISHED), 451867),
        (BoundaryNetwork(boundary_network.DEFAULT), 91528),
        (NestedUNet(nested_unet.PUBLISHED), 9159105),
        (NestedUNet(nested_unet.DEFAULT), 140548),
    ],
    ids=["published boundaries", "boundaries", "published phases", "phases"],
)
def test_numbers_of_parameters_are_pinned(network, parameters):
    assert count_parameters(network) == parameters


@pytest.mark.parametrize("change", [{"context": False}, {"attention": False}, {"stages": 4}])
def test_ablations_answer_in_the_size_of_the_image(change):
    network = BoundaryNetwork(BoundarySettings(width=4, compact=2, fold=2, norm=True, **change))
    answers = network(torch.zeros(1, 1, 48, 64))
    assert len(answers) == network.settings.stages + 1
    assert {each.shape for each in answers} == {(1, 1, 48, 64)}


@pytest.mark.parametrize("size", [(21, 24), (20, 22)])
def test_interleaved_convolution_is_the_dilated_one(size):
    layer = boundary_network.InterleavedConv(4, 7, dilation=3)
    features = torch.randn(2, 4, *size, generator=torch.Generator().manual_seed(1))
    expected = torch.nn.functional.conv2d(
        features, layer.weight, layer.bias, padding=9, dilation=3, groups=4
    )
    torch.testing.assert_close(layer(features), expected)


def test_dice_loss_is_zero_for_the_truth_and_one_for_its_opposite():
    truth = (torch.rand(1, 1, 50, 50) > 0.5).float()
    sure = 100 * (2 * truth - 1)
    assert dice_loss(sure, truth).item() == pytest.approx(0, abs=1e-3)
    assert dice_loss(-sure, truth).item() == pytest.approx(1, abs=1e-3)


def test_an_image_with_little_of_it_counts_as_much_as_one_with_much():
    truth = torch.zeros(2, 1, 20, 20)
    truth[0], truth[1, 0, :2, :2] = 1.0, 1.0
    missed = 100 * (2 * truth - 1)
    missed[1] = -100.0
    assert dice_loss(missed, truth).item() == pytest.approx(0.5 * (1 - 1 / 5), abs=1e-3)


def test_the_same_network_is_the_same_file(tmp_path):
    """Whoever compares files by their hash must not see other weights in it."""
    network, facts = NestedUNet(NestedSettings(width=2, levels=2)), dict.fromkeys("abcdef", "1")
    path = tmp_path / "n.safetensors"
    found = set()
    for _ in range(5):
        save_network(network, "phases", facts, path)
        found.add(path.read_bytes())
    assert len(found) == 1


def test_second_phase_begins_lower_for_a_network_of_rendered_images(tmp_path):
    network, path = NestedUNet(NestedSettings(width=2, levels=2)).eval(), tmp_path / "n.safetensors"
    image = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    found = {}
    for presets in ('["mg-gd"]', f"{MARKED}0123"):
        save_network(network, "phases", {"presets": presets}, path)
        found[presets[0]] = network_finder("phases", path)(image)
    rendered, marked = found["["], found["m"]
    assert border_of("phases", path) == 0.5 == border_of("boundaries")
    assert border_of("phases") == RENDERED_PHASE
    odds = RENDERED_PHASE / (1 - RENDERED_PHASE)
    np.testing.assert_allclose(rendered / (1 - rendered), marked / (1 - marked) / odds, rtol=1e-4)


def test_file_keeps_the_network_and_names_what_it_is_not(tmp_path):
    network = NestedUNet(NestedSettings(width=2, levels=2)).eval()
    path = tmp_path / "n.safetensors"
    save_network(network, "phases", {"training": "none"}, path)
    image = torch.randn(1, 1, 16, 16)
    with torch.no_grad():
        assert torch.equal(load_network("phases", path)(image)[0], network(image)[0])
    with pytest.raises(SlipfieldError, match="a network of phases"):
        load_network("boundaries", path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SlipfieldError, match="no readable network"):
        load_network("phases", path)
    with pytest.raises(SlipfieldError, match="no readable network"):
        load_network("phases", tmp_path / "missing")


def test_shipped_network_does_not_take_grains_of_another_tone_for_second_phase():
    """Twins and grains of strong contrast, without particles: what Otsu takes for a third."""
    drawn = render("twinned", 8, (256, 256))
    found = phase_method("network", None)(drawn.image) >= 0.5
    threshold = phase_method("otsu", None)(drawn.image) >= 0.5
    assert not drawn.phases.any()
    assert found.mean() < 0.01 < 0.1 < threshold.mean()


def test_shipped_network_finds_the_boundaries_of_a_look_it_has_not_learnt():
    made = render("tinted", 3, (256, 256))
    found = tiles.probability(tiles.network_for("boundaries"), made.image) > 0.5
    near = distance_transform_edt(~made.boundaries) <= 2
    reached = distance_transform_edt(~found) <= 2
    assert near[found].mean() > 0.85 and reached[made.boundaries].mean() > 0.85


def test_network_that_does_not_come_along_says_how_to_train_it(monkeypatch, tmp_path):
    monkeypatch.setattr(defaults, "SHIPPED", tmp_path)
    with pytest.raises(SlipfieldError, match="micrograph train --task phases"):
        load_network("phases")


def test_marked_images_are_read_by_colour_and_by_value(tmp_path):
    for name in ("images", "truths"):
        (tmp_path / name).mkdir()
    image = np.random.default_rng(0).integers(0, 255, (200, 210), np.uint8)
    mark = np.zeros(image.shape, bool)
    mark[20:60, 30:90] = True
    coloured = np.repeat(image[..., None], 3, axis=2)
    coloured[mark] = (0, 0, 255)
    white = np.repeat(255 * mark[..., None].astype(np.uint8), 3, axis=2)
    truths = {"a": coloured, "b": mark.astype(np.uint8), "c": white}
    for stem, truth in truths.items():
        imsave(tmp_path / "images" / f"{stem}.png", image, check_contrast=False)
        imsave(tmp_path / "truths" / f"{stem}_mask.png", truth, check_contrast=False)
    found = marked_pool(tmp_path / "images", tmp_path / "truths")
    assert all((truth == mark).all() for truth in found.truths)
    assert [image.shape for image in found.images] == 3 * [(200, 210)]
    unmarked = np.repeat(image[..., None], 3, axis=2)
    imsave(tmp_path / "truths" / "a_mask.png", unmarked, check_contrast=False)
    assert not marked_pool(tmp_path / "images", tmp_path / "truths").truths[0].any()
    (tmp_path / "truths" / "b_mask.png").unlink()
    with pytest.raises(SlipfieldError, match="no file that begins with b"):
        marked_pool(tmp_path / "images", tmp_path / "truths")


def test_tiles_answer_as_the_whole_image_does(monkeypatch):
    torch.manual_seed(0)
    settings = BoundarySettings(width=4, compact=2, fold=2, norm=True)
    network = as_plain(BoundaryNetwork(settings))
    image = np.random.default_rng(0).integers(0, 255, (210, 301), np.uint8)
    whole = tiles.probability(network, image)
    monkeypatch.setattr(tiles, "TILE_PX", 256)
    assert whole.shape == image.shape and whole.dtype == np.float32
    assert np.abs(tiles.probability(network, image) - whole).max() < 0.03


@pytest.mark.parametrize(
    "image", [np.zeros((40, 40, 4)), np.zeros((8, 90)), np.full((40, 40), np.nan)]
)
def test_images_that_cannot_be_are_one_line(image):
    with pytest.raises(SlipfieldError, match=r"^image: "):
        tiles.probability(BoundaryNetwork(), image)


def pool() -> Pool:
    """Lines on noise."""
    generator = np.random.default_rng(0)
    truths = np.zeros((4, PIECE_PX, PIECE_PX), bool)
    truths[:, 20::40] = True
    images = (generator.standard_normal(truths.shape) - 3 * truths).astype(np.float16)
    return Pool(list(images), list(truths))


def test_images_of_one_size_give_the_batches_that_they_gave_as_one_array():
    generator = np.random.default_rng(1)
    truths = generator.random((3, PIECE_PX + 40, PIECE_PX + 40)) < 0.3
    images = generator.standard_normal(truths.shape).astype(np.float16)
    found = Pool(list(images), list(truths)).batch(np.random.default_rng(5), 6)
    generator = np.random.default_rng(5)
    for number, piece in enumerate(generator.integers(3, size=6)):
        y, x = generator.integers(41, size=2)
        turns, mirrored = generator.integers(4), generator.integers(2)
        truth, image = (
            np.rot90(each[piece, y : y + PIECE_PX, x : x + PIECE_PX], int(turns))
            for each in (truths, images)
        )
        if mirrored:
            truth, image = truth[:, ::-1], image[:, ::-1]
        assert (found[1][number, 0].numpy() == truth).all()
        assert (found[0][number, 0].numpy() == _varied(image.astype(np.float32), generator)).all()


def test_marked_images_of_several_sizes_are_used_whole(tmp_path):
    """A small image beside two larger ones: what only their far corners hold is drawn, too."""
    for folder in ("images", "truths"):
        (tmp_path / folder).mkdir()
    shapes = {"small": (200, 193), "wide": (192, 500), "tall": (600, 230)}
    for stem, shape in shapes.items():
        image = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
        mark = np.zeros(shape, np.uint8)
        mark[-8:, -8:] = 255
        imsave(tmp_path / "images" / f"{stem}.png", image)
        imsave(tmp_path / "truths" / f"{stem}.png", mark, check_contrast=False)
    found = marked_pool(tmp_path / "images", tmp_path / "truths")
    assert [image.shape for image in found.images] == [shapes[name] for name in sorted(shapes)]
    tall = Pool(found.images[1:2], found.truths[1:2])
    _, truths = tall.batch(np.random.default_rng(0), 400)
    assert 0 < truths.any(dim=(2, 3)).sum() < 100
    imsave(tmp_path / "images" / "wide.png", image[:300, :150])
    imsave(tmp_path / "truths" / "wide.png", mark[:300, :150], check_contrast=False)
    with pytest.raises(SlipfieldError, match=r"wide\.png: 150 x 300 px; expected 192 px or more"):
        marked_pool(tmp_path / "images", tmp_path / "truths")


@pytest.mark.slow
def test_training_continues_where_it_was_killed_and_lowers_the_loss(tmp_path):
    settings = NestedSettings(width=2, levels=2, fold=2)

    def network():
        torch.manual_seed(1)
        return NestedUNet(settings)

    whole, parts = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    train(network(), "phases", pool, 12, whole)
    train(network(), "phases", pool, 10, parts)
    train(network(), "phases", pool, 12, parts)
    first, second = (load_network("phases", path) for path in (whole, parts))
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    image, truth = pool().batch(np.random.default_rng(0), 2)
    with torch.no_grad():
        assert dice_loss(first(image)[0], truth) < dice_loss(network().eval()(image)[0], truth)
    with pytest.raises(SlipfieldError, match="other settings"):
        train(network(), "phases", pytest.fail, 30, parts, seed=5)


def test_running_mean_forgets_where_the_training_began():
    mean = torch.tensor(100.0)
    for count in range(1, 30):
        mean = running_mean(mean, torch.tensor(1.0), torch.tensor(count))
    assert mean.item() == pytest.approx(1.0, abs=0.3)


def test_the_rate_rises_stays_and_falls_whatever_the_number_of_steps():
    assert [rate_share(step) for step in (0, 9, 19, 999)] == [1 / 20, 1 / 2, 1, 1]
    assert rate_share(3999) == pytest.approx(1 / 2)
    assert rate_share(99_999) == pytest.approx(1 / 10)


def test_grey_is_the_luma_of_colours():
    image = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 10, 10]]], np.uint8)
    assert grey(image)[0] == pytest.approx([0.299, 0.587, 0.114, 10 / 255], abs=1e-6)


def test_an_image_does_not_take_the_truth_of_one_whose_number_goes_on(tmp_path):
    for folder in ("images", "truths"):
        (tmp_path / folder).mkdir()
    rng = np.random.default_rng(0)
    for number, stem in enumerate(("img1", "img10")):
        image = rng.integers(0, 255, (PIECE_PX, PIECE_PX), np.uint8)
        mark = np.zeros_like(image)
        mark[: 10 * (number + 1)] = 255
        imsave(tmp_path / "images" / f"{stem}.png", image)
        imsave(tmp_path / "truths" / f"{stem}_mask.png", mark)
    found = marked_pool(tmp_path / "images", tmp_path / "truths")
    assert [truth.sum() for truth in found.truths] == [10 * PIECE_PX, 20 * PIECE_PX]
    imsave(tmp_path / "truths" / "img1_other.png", mark)
    with pytest.raises(SlipfieldError, match="several files are the truth of img1.png"):
        marked_pool(tmp_path / "images", tmp_path / "truths")


@pytest.mark.slow
def test_a_training_on_other_images_does_not_continue(tmp_path):
    path, network = tmp_path / "n.safetensors", NestedUNet(NestedSettings(2, levels=2, fold=2))
    train(network, "phases", pool, 10, path, facts={"presets": "a"})
    with pytest.raises(SlipfieldError, match="of a training with other settings"):
        train(network, "phases", pytest.fail, 20, path, facts={"presets": "b"})


def test_second_phase_of_a_mirrored_image_is_the_mirrored_one():
    """It is found in all four ways; those of boundaries differ by hundredths."""
    image = render("mg-gd", 5, (96, 128)).image
    find = network_finder("phases")
    assert find(image[::-1]) == pytest.approx(find(image)[::-1], abs=1e-4)
    assert find(image[:, ::-1]) == pytest.approx(find(image)[:, ::-1], abs=1e-4)
