"""Grains below a face: the rule that docs/thickness.md states."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.specimen import subsurface
from slipfield.kinds.slip.specimen.microstructure import make_microstructure
from slipfield.kinds.slip.specimen.subsurface import Ellipsoids, _inside, draw_subsurface
from slipfield.kinds.slip.study import Study


def drawn(thickness, layers, seed=0, cells=40, grains=60):
    specimen = {"cells_x": cells, "cells_y": cells, "grains": grains}
    data = make_microstructure(Study(name="below", specimen=specimen), 0)
    values = (data[name].values for name in ("element_grain", "x_mm", "y_mm", "euler", "size"))
    face, x, y, euler, size = values
    below = draw_subsurface(face, x, y, euler, size, thickness, layers, "so3_uniform", (seed, 5))
    return face, size, below


def test_face_is_the_map_and_its_grains_keep_their_numbers():
    face, size, below = drawn(0.6, 10)
    assert np.array_equal(below.layer_grain[-1], face)
    np.testing.assert_array_equal(below.size[: len(size)], size)
    assert below.layer_grain.max() + 1 == len(below.size) == len(below.euler)
    assert len(np.unique(below.layer_grain)) == len(below.size)


def test_seed_fixes_the_draw():
    one, same, other = (drawn(0.3, 4, seed)[2] for seed in (1, 1, 2))
    assert np.array_equal(one.layer_grain, same.layer_grain)
    assert not np.array_equal(one.layer_grain, other.layer_grain)


def test_grains_of_the_face_end_below_it():
    _, size, below = drawn(2.0, 20)
    share = (below.layer_grain < len(size)).mean(axis=(1, 2))
    assert share[-2] > 0.5  # 0.1 mm below, half the depth of the fine bands' grains
    assert share[0] < 0.05
    assert (np.diff(share[5:]) > -0.05).all()


@pytest.mark.slow
def test_sections_inside_look_like_the_face():
    """As many grains in a section and as wide a spread of their areas, band by band."""
    face, size, below = drawn(2.0, 20, cells=60, grains=100)
    count = [len(np.unique(layer)) for layer in below.layer_grain[2:12]]
    assert np.mean(count) == pytest.approx(len(size), rel=0.2)
    third = slice(0, face.shape[0] // 7)  # the fine band at y = 0
    fine = [len(np.unique(layer[third])) for layer in below.layer_grain[2:12]]
    assert np.mean(fine) == pytest.approx(len(np.unique(face[third])), rel=0.25)
    spread = [
        np.log(np.bincount(layer.ravel())[np.unique(layer)]).std()
        for layer in below.layer_grain[2:12]
    ]
    of_face = np.log(np.bincount(face.ravel())).std()
    assert 0.8 * of_face < np.mean(spread) < 1.8 * of_face  # small cuts of the tips add to it


def test_a_thickness_that_asks_for_too_many_grains_is_refused_before_one_is_drawn(monkeypatch):
    grown = []
    add = subsurface._Growing.add
    monkeypatch.setattr(
        subsurface._Growing, "add", lambda self, grain: grown.append(1) or add(self, grain)
    )
    drawn(0.6, 4, cells=16)
    usual = len(grown)
    _, size, _ = drawn(1.2, 4, cells=16)
    per_mm = (len(grown) - 2 * usual) / 0.6
    grown.clear()
    monkeypatch.setattr(subsurface, "MOST_GRAINS", 100)
    with pytest.raises(SlipfieldError, match=r"about (\S+) grains .* 500 mm thick") as caught:
        drawn(500.0, 4, cells=16)
    assert not grown
    told = float(str(caught.value).split("about ")[1].split()[0])
    assert told == pytest.approx(500 * per_mm, rel=0.2)


def test_volume_between_two_planes_and_distance_of_an_ellipsoid():
    axes = np.diag([1.0, 0.5])[None]  # twice as long along y as it is deep
    grain = Ellipsoids(np.array([[0.0, 0.0, 0.1]]), np.array([0.3]), axes)
    points = np.random.default_rng(2).uniform([-0.3, -0.6, 0], [0.3, 0.6, 0.35], (200_000, 3))
    share = (grain.distance(points) < 0).mean()
    assert _inside(grain, 0.35)[0] == pytest.approx(share * 0.6 * 1.2 * 0.35, rel=0.01)
    tip = grain.distance(np.array([[0.0, 0.6, 0.1], [0.3, 0.0, 0.1], [0.0, 0.0, 0.4]]))
    np.testing.assert_allclose(tip, 0, atol=1e-12)
