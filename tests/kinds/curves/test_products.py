"""Products with panels, against NumPy's in double precision."""

import numpy as np
import pytest

from slipfield.kinds.curves.products import COLUMNS, ROWS, add_product, panelled


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("depth", [1, 48, 1601])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_is_numpy_s(groups, depth, transposed):
    rng = np.random.default_rng(depth)
    rows = rng.standard_normal((groups * ROWS, depth)).astype(np.float32)
    matrix = rng.standard_normal((depth, 3 * COLUMNS)).astype(np.float32)
    total = rng.standard_normal((groups * ROWS, 3 * COLUMNS)).astype(np.float32)
    expected = total + rows.astype(float) @ matrix
    given = np.ascontiguousarray(matrix.T).T if transposed else matrix
    beside = np.ascontiguousarray(rows.reshape(groups, ROWS, depth).transpose(0, 2, 1))
    add_product(beside, panelled(given), total)
    np.testing.assert_allclose(total, expected, atol=2e-6 * depth + 1e-6)
