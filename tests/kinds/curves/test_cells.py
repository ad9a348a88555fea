"""Steps of an LSTM's cells, against PyTorch's functions in double precision."""

import numpy as np
import pytest
import torch

from slipfield.kinds.curves.cells import step_back, step_on
from slipfield.kinds.curves.products import ROWS

SIZE = 24


def drawn(width, spread):
    """What drives the cells of two groups of rows, and states, from the same numbers each time."""
    return np.random.default_rng(width).normal(0, spread, (2 * ROWS, width)).astype(np.float32)


def reference(driven, past):
    """States after a step and what the cells show, double precision with derivatives."""
    admit, keep, offer, emit = driven.split(SIZE, 1)
    cells = keep.sigmoid() * past + admit.sigmoid() * offer.tanh()
    return cells, emit.sigmoid() * cells.tanh()


def stepped(driven, past):
    """Gates, states, their tangents, what the cells show, and that in groups."""
    gates = driven.copy()
    cells, bent, hidden = (np.empty_like(past) for _ in range(3))
    groups = np.empty((2, SIZE, ROWS), np.float32)
    step_on(gates, past, cells, bent, hidden, groups)
    return gates, cells, bent, hidden, groups


@pytest.mark.parametrize("spread", [1e-3, 1.0, 30.0, 1e4])
def test_a_step_is_pytorch_s(spread):
    driven, past = drawn(4 * SIZE, spread), drawn(SIZE, 1.0)
    _, cells, _, hidden, groups = stepped(driven, past)
    expected = reference(torch.from_numpy(driven).double(), torch.from_numpy(past).double())
    for found, wanted in zip((cells, hidden), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=3e-7)
    np.testing.assert_array_equal(groups.transpose(0, 2, 1).reshape(hidden.shape), hidden)


def test_small_cells_keep_their_digits():
    """The tangent of a small number is that number, to single precision, not to 1e-7."""
    driven, past = np.zeros((2 * ROWS, 4 * SIZE), np.float32), drawn(SIZE, 1e-4)
    _, cells, bent, _, _ = stepped(driven, past)
    np.testing.assert_allclose(bent, np.tanh(cells.astype(float)), rtol=3e-7)


def test_what_is_no_number_stays_none():
    driven, past = drawn(4 * SIZE, 1.0), drawn(SIZE, 1.0)
    driven[0, 0] = np.nan
    hidden = stepped(driven, past)[3]
    assert np.isnan(hidden[0, 0]) and np.isfinite(hidden[0, 1:]).all()


def test_derivatives_of_a_step_are_pytorch_s():
    driven, past, by_hidden, by_cell = (
        drawn(width, 1.0) for width in (4 * SIZE, SIZE, SIZE + 1, SIZE + 2)
    )
    by_hidden, by_cell = by_hidden[:, :SIZE].copy(), by_cell[:, :SIZE].copy()
    known, before = (torch.from_numpy(a).double().requires_grad_() for a in (driven, past))
    scores = [
        (states * torch.from_numpy(weights)).sum()
        for states, weights in zip(reference(known, before), (by_cell, by_hidden), strict=True)
    ]
    expected = torch.autograd.grad(sum(scores), (known, before))
    gates, _, bent, _, _ = stepped(driven, past)
    groups = np.empty((2, 4 * SIZE, ROWS), np.float32)
    step_back(gates, past, bent, by_hidden, by_cell, groups)
    np.testing.assert_allclose(gates, expected[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(by_cell, expected[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(groups.transpose(0, 2, 1).reshape(gates.shape), gates)
