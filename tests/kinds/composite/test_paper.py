"""The published tables, from the published numbers alone."""

import numpy as np
import pytest

from slipfield.kinds.composite import paper
from slipfield.kinds.composite.quadratic import Quadratic, central_composite, quality, terms


@pytest.fixture(scope="module")
def designs():
    return paper.published_designs()


def misses(surface, designs) -> np.ndarray:
    found = [paper.by_vertices(surface, design.box) for design in designs]
    pairs = zip(found, designs, strict=True)
    return np.array([[f.first - d.claimed.first, f.last - d.claimed.last] for f, d in pairs])


def test_repaired_surface_reproduces_all_28_designs(designs):
    assert len(designs) == 28 and sum(design.matched for design in designs) == 18
    assert np.abs(misses(paper.published_surface(), designs)).max() < 0.005


def test_surface_as_printed_does_not(designs):
    assert np.abs(misses(paper.published_surface(repaired=False), designs)).min() > 0.1


def test_no_other_change_of_sign_repairs_it(designs):
    left = []
    for k in range(21):
        coefficients = np.array(paper.PRINTED)
        coefficients[k] *= -1
        off = misses(Quadratic(coefficients), designs)
        left.append(np.median(np.abs(off - np.median(off))))
    assert int(np.argmin(left)) == paper.MISPRINTED
    assert sorted(left)[1] > 10 * min(left)


def test_printed_widths_and_distances_belong_to_the_printed_boxes(designs):
    span = np.ptp(paper.BOUNDS, axis=0)
    for design in designs:
        width = (np.ptp(design.box, axis=0) / span).min()
        assert width == pytest.approx(design.width, abs=2e-4), (design.table, design.row)
        wanted = paper.Directed(paper.TARGET.low, paper.TARGET.high)
        assert design.claimed.distance(wanted) == pytest.approx(design.distance, abs=3e-3)


def test_weighted_sums_follow_the_header_of_table_2(designs):
    for variant, design in zip("ABC", designs[:3], strict=True):
        on_distance, on_width = paper.WEIGHTS[variant]
        value = on_distance * design.distance - on_width * design.width
        assert value == pytest.approx(paper.SUMS[variant], abs=2e-5)


def test_directed_arithmetic_holds_the_values_but_is_much_wider(designs):
    surface, random = paper.published_surface(), np.random.default_rng(1)
    ratios = []
    for design in designs:
        found = paper.by_directed_arithmetic(surface, design.box)
        inside = design.box[0] + random.random((50, 5)) * np.ptp(design.box, axis=0)
        assert found.first < surface(inside).min() and surface(inside).max() < found.last
        ratios.append((found.last - found.first) / (design.claimed.last - design.claimed.first))
    assert np.median(ratios) == pytest.approx(3.7, abs=0.1)


def test_central_composite_design_and_quality_of_a_known_quadratic():
    points = central_composite(paper.BOUNDS)
    assert len(np.unique(points, axis=0)) == 43
    truth = np.random.default_rng(2).normal(size=21)
    values = terms(points) @ truth
    assert Quadratic.fit(points, values).coefficients == pytest.approx(truth, rel=1e-4)
    found = quality(points, values + np.random.default_rng(3).normal(size=43))
    assert (
        found.sigma == pytest.approx(1, abs=0.4) and found.leave_one_out > 43 * found.sigma**2 / 4
    )


def test_leave_one_out_is_what_refitting_gives():
    points = central_composite(paper.BOUNDS)
    values = np.exp(points[:, 4]) * points[:, 0] + np.sin(points[:, 2] / 50)
    squares = 0.0
    for i in range(43):
        keep = np.arange(43) != i
        without = Quadratic.fit(points[keep], values[keep])
        squares += float((values[i] - without(points[i])[0]) ** 2)
    assert quality(points, values).leave_one_out == pytest.approx(squares, rel=1e-4)


def test_gradient_of_the_surface():
    surface, point = paper.published_surface(), paper.BOUNDS.mean(axis=0)
    gradient = surface.constants(point)[1][0, 2]
    for k, step in enumerate(1e-4 * np.ptp(paper.BOUNDS, axis=0)):
        pair = surface(np.array([point + np.eye(5)[k] * step, point - np.eye(5)[k] * step]))
        assert gradient[k] == pytest.approx((pair[0] - pair[1]) / (2 * step), rel=1e-6)
