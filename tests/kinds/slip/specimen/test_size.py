"""Minimum-area enclosing ellipses and the log-normal fit."""

import numpy as np
import pytest
from scipy.optimize import minimize

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.specimen.size import enclosing_ellipses, grain_size, size_distribution

ROOT2 = np.sqrt(2)
SQUARE = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
TRIANGLE = np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])
HEXAGON = np.column_stack([f(np.arange(6) * np.pi / 3) for f in (np.cos, np.sin)])


def one(points):
    """Axes of one set of points."""
    return enclosing_ellipses([np.asarray(points, dtype=float)])[0]


@pytest.mark.parametrize(
    ("points", "axes"),
    [
        (SQUARE, (ROOT2, ROOT2)),
        (SQUARE * (3, 1), (3 * ROOT2, ROOT2)),
        (SQUARE * (0.05, 0.4), (0.4 * ROOT2, 0.05 * ROOT2)),
        (TRIANGLE, (2 / np.sqrt(3), 2 / np.sqrt(3))),
        (HEXAGON, (2, 2)),
    ],
    ids=["square", "rectangle", "column", "equilateral", "hexagon"],
)
def test_known_polygons(points, axes):
    """Squares and regular polygons have their circumcircle, rectangles its affine image."""
    assert one(points) == pytest.approx(axes, rel=1e-9)


def test_steiner_circumellipse():
    """Any triangle: area of the ellipse = 4 pi / (3 sqrt 3) times that of the triangle."""
    random = np.random.default_rng(0)
    triangles = list(random.standard_normal((50, 3, 2)))
    edges = [(t[1] - t[0], t[2] - t[0]) for t in triangles]
    area = np.array([0.5 * abs(a[0] * b[1] - a[1] * b[0]) for a, b in edges])
    found = enclosing_ellipses(triangles).prod(axis=1) * np.pi / 4
    assert found == pytest.approx(4 * np.pi / (3 * np.sqrt(3)) * area, rel=1e-9)


def test_affine_images():
    """The ellipse of an image is the image of the ellipse."""
    random = np.random.default_rng(1)
    for _ in range(20):
        matrix = random.standard_normal((2, 2)) + 0.1 * np.eye(2)
        expected = 2 * np.linalg.svd(matrix, compute_uv=False)
        assert one(HEXAGON @ matrix.T + (5, -3)) == pytest.approx(expected, rel=1e-8)


def test_points_inside_do_not_matter():
    """Neither inner points nor repeated ones change the ellipse."""
    random = np.random.default_rng(2)
    inner = random.uniform(0.05, 0.95, (40, 2))
    assert one(np.concatenate((inner, SQUARE, SQUARE))) == pytest.approx(one(SQUARE), rel=1e-9)


def test_against_a_general_optimiser():
    """Least -log det A with |A p + b| <= 1, solved by SLSQP."""
    random = np.random.default_rng(3)
    for _ in range(5):
        points = random.standard_normal((9, 2)) * (1, 0.4)

        def reach(v, points=points):
            a = np.array([[v[0], v[1]], [v[1], v[2]]])
            return 1 - np.sum((points @ a + v[3:]) ** 2, axis=1)

        found = minimize(
            lambda v: -np.log(v[0] * v[2] - v[1] ** 2),
            (0.2, 0, 0.2, 0, 0),
            constraints={"type": "ineq", "fun": reach},
            options={"ftol": 1e-14, "maxiter": 500},
        ).x
        axes = 2 / np.linalg.eigvalsh([[found[0], found[1]], [found[1], found[2]]])
        assert one(points) == pytest.approx(axes, rel=1e-4)


def test_points_on_a_line_are_an_error():
    """The message says which set."""
    with pytest.raises(SlipfieldError, match="set 1 lie on one line"):
        enclosing_ellipses([SQUARE, np.array([[0.0, 0], [1, 1], [2, 2]])])


def test_grain_size():
    """D of a unit square: d1 = d2 = sqrt 2, D = 2."""
    assert grain_size(one(SQUARE)) == pytest.approx(2)


def test_lognormal_fit_finds_the_parameters():
    """A large log-normal sample gives back its median and spread."""
    sizes = np.random.default_rng(4).lognormal(np.log(0.14), 0.2, 20_000)
    fit = size_distribution(sizes)
    assert fit.median_mm == pytest.approx(0.14, rel=0.01)
    assert fit.sigma == pytest.approx(0.2, rel=0.03)
    fine = np.linspace(0.01, 1, 5000)
    assert np.trapezoid(fit.pdf(fine), fine) == pytest.approx(1, abs=1e-3)


def test_fit_of_equal_sizes_is_an_error():
    """Nothing to fit."""
    with pytest.raises(SlipfieldError, match="3 different sizes"):
        size_distribution(np.full(50, 0.1))
