"""Strains against the gradient of the displacements of the same maps."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.consistency import check_gradient, green_lagrange
from slipfield.kinds.slip.measure.strain_maps import StrainOptions, import_strain
from tests.kinds.slip.measure import measurement as m

TEST = m.Test(nx=41, ny=61, lost=[(3, 20, 2)])
MAPS = TEST.strain, TEST.u, TEST.v, TEST.x, TEST.y


def test_gradients_of_displacements_are_their_strain():
    """Quadratic displacements: central differences are exact but for the rims."""
    found = green_lagrange(TEST.u[-1], TEST.v[-1], TEST.x, TEST.y)
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], TEST.strain[-1][:, 1:-1, 1:-1], atol=1e-12)


def test_maps_that_agree_pass():
    check_gradient(*MAPS, "green_lagrange")
    noise = 2e-4 * np.random.default_rng(0).standard_normal((2, *TEST.u.shape))
    check_gradient(TEST.strain, TEST.u + noise[0], TEST.v + noise[1], TEST.x, TEST.y, "hencky")
    lost = np.where(TEST.mask, np.nan, TEST.u)
    check_gradient(TEST.measured, lost, TEST.v, TEST.x, TEST.y, "green_lagrange")


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("exy", lambda c: c | {"exy": -c["exy"]}, "shear xy has the other sign"),
        ("v", lambda c: c | {"v": -c["v"], "exy": -c["exy"]}, "v points the other way than y"),
        ("u", lambda c: c | {"u": -c["u"]}, "u points the other way than x"),
        ("scale", lambda c: c | {"u": 2 * c["u"], "v": 2 * c["v"]}, "check --scale"),
        ("shear", lambda c: c | {"exy": 2 * c["exy"]}, "--engineering-shear"),
        (
            "exchanged",
            lambda c: c | {"u": c["v"], "v": c["u"], "x": c["y"], "y": c["x"]},
            "exchanged",
        ),
    ],
)
def test_the_wrong_axis_is_named(tmp_path, name, change, words):
    """As a program with axes of its own writes its table: y down, one column of them not."""
    x, y, u, v, exx, eyy, exy = TEST.picture()
    paths = []
    for frame in range(len(TEST.elongation)):
        columns = {"x": x, "y": y, "u": u[frame], "v": v[frame]}
        columns |= {"exx": exx[frame], "eyy": eyy[frame], "exy": exy[frame]}
        columns = change(columns)
        path = tmp_path / f"frame_{frame}.csv"
        table = np.column_stack([column.ravel() for column in columns.values()])
        np.savetxt(path, table, delimiter=",", header=",".join(columns), comments="", fmt="%.9g")
        paths.append(path)
    options = StrainOptions(scale=m.SCALE, interval=10.0)
    with pytest.raises(SlipfieldError, match="strain: ") as caught:
        import_strain(paths, options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("factor", "words"), [(-1, "shear xy has the other sign"), (2, "--engineering-shear"), (1, "")]
)
def test_a_shear_that_is_the_same_everywhere_is_compared_too(factor, words):
    x, y = np.linspace(0, 0.8, 9), np.linspace(0, 0.8, 9)
    u = np.array([-0.004 * x + 0.002 * y[:, None]])
    v = np.array([0.001 * x + 0.01 * y[:, None]])
    strain = np.stack([green_lagrange(u[0], v[0], x, y)])
    strain[:, 2] *= factor
    if not words:
        check_gradient(strain, u, v, x, y, "green_lagrange")
        return
    with pytest.raises(SlipfieldError, match=words):
        check_gradient(strain, u, v, x, y, "green_lagrange")


def test_displacements_that_are_noise_say_nothing():
    noise = np.random.default_rng(0).standard_normal((2, *TEST.u.shape))
    small = replace_strain(1e-3)
    check_gradient(small, noise[0], noise[1], TEST.x, TEST.y, "green_lagrange")


def replace_strain(factor):
    return replace(TEST, elongation=tuple(factor * e for e in TEST.elongation)).strain
