"""PyTorch's LSTM on a processor, with the same mathematics in less time.

Hochreiter & Schmidhuber, Neural Comput. 9, 1735, 1997, with forget gates; derivatives by
backpropagation through time. What differs from ``nn.LSTM``'s own loop is where the time goes: the
products step by step are :mod:`slipfield.kinds.curves.products`, and the weights' gradient is one
product over all steps.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import torch
from torch import nn
from torch.autograd.function import once_differentiable

from slipfield.kinds.curves.products import ROWS, add_product, grouped, panelled


def recur(lstm: nn.LSTM, inputs: torch.Tensor) -> torch.Tensor:
    """Hidden states (batch, steps, hidden) of sequences (batch, steps, channels), from zero states.

    ``lstm`` has one layer, float32 weights and a multiple of 16 hidden units.
    """
    batch = len(inputs)
    padded = nn.functional.pad(inputs, (0, 0, 0, 0, 0, -batch % ROWS)).transpose(0, 1)
    weights, recurrent, *biases = lstm.parameters()
    hidden = Recurrence.apply(padded, weights, recurrent, biases[0] + biases[1])
    return hidden.transpose(0, 1)[:batch]


class Recurrence(torch.autograd.Function):
    """From sequences (steps, batch, channels) to hidden states (steps, batch, hidden).

    Weights are (4 hidden, channels) and (4 hidden, hidden); gates as PyTorch orders them: input,
    forget, cell, output.
    """

    @staticmethod
    def forward(
        ctx: Any,
        inputs: torch.Tensor,
        weights: torch.Tensor,
        recurrent: torch.Tensor,
        bias: torch.Tensor,
    ) -> torch.Tensor:
        """Hidden states, step by step."""
        steps, batch, channels = inputs.shape
        size = recurrent.shape[1]
        gates, cells, bent, hidden = (
            torch.from_numpy(np.empty((steps, batch, width), np.float32))
            for width in (4 * size, size, size, size)
        )
        flat = inputs.reshape(-1, channels)
        torch.addmm(bias, flat, weights.t(), out=gates.view(-1, 4 * size))
        panels = panelled(recurrent.detach().numpy().T)
        opened, offered, emitted = gates.split((2 * size, size, size), dim=2)
        states, known, shown = (values.numpy() for values in (cells, gates, hidden))
        for step in range(steps):
            if step:
                add_product(grouped(shown[step - 1]), panels, known[step])
            opened[step].sigmoid_()
            offered[step].tanh_()
            emitted[step].sigmoid_()
            past = states[step - 1] if step else np.zeros((batch, size), np.float32)
            _step_cells(known[step], past, states[step])
            torch.tanh(cells[step], out=bent[step])
            torch.mul(emitted[step], bent[step], out=hidden[step])
        ctx.spent = False
        ctx.save_for_backward(inputs, weights, recurrent, gates, cells, bent, hidden)
        return hidden

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, change: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Derivatives by inputs, weights and bias from those by the hidden states, once.

        Those by what drives the gates take the place of the gates.

        Raises
        ------
        RuntimeError
            If the same states are differentiated twice.
        """
        if ctx.spent:
            raise RuntimeError("these states were differentiated before; run the network again")
        ctx.spent = True
        inputs, weights, recurrent, *states = ctx.saved_tensors
        gates, cells, bent, hidden = states
        steps, batch, size = cells.shape
        panels = panelled(recurrent.detach().numpy())
        by_hidden = change.clone(memory_format=torch.contiguous_format)
        by_cell = np.zeros((batch, size), np.float32)
        nothing = np.zeros((batch, size), np.float32)
        groups = np.empty((batch // ROWS, 4 * size, ROWS), np.float32)
        known, past, curved, slopes = (v.numpy() for v in (gates, cells, bent, by_hidden))
        for step in reversed(range(steps)):
            before = past[step - 1] if step else nothing
            _step_back(known[step], before, curved[step], slopes[step], by_cell, groups)
            if step:
                add_product(groups, panels, slopes[step - 1])
        by_recurrent = gates[1:].flatten(0, 1).t() @ hidden[:-1].flatten(0, 1)
        flat = gates.flatten(0, 1)
        by_weights = flat.t() @ inputs.flatten(0, 1)
        return gates @ weights, by_weights, by_recurrent, flat.sum(0)


@numba.njit
def _step_cells(gates: np.ndarray, before: np.ndarray, after: np.ndarray) -> None:
    """Cell states (batch, hidden) after a step from those before and the gates."""
    batch, size = after.shape
    for row in range(batch):
        admit, keep, offer, _ = _quarters(gates[row], size)
        for unit in range(size):
            after[row, unit] = keep[unit] * before[row, unit] + admit[unit] * offer[unit]


@numba.njit
def _step_back(
    gates: np.ndarray,
    before: np.ndarray,
    bent: np.ndarray,
    by_hidden: np.ndarray,
    by_cell: np.ndarray,
    groups: np.ndarray,
) -> None:
    """Put derivatives by what drives the gates in their place, and in groups for the next product.

    ``by_cell`` goes on to the step before.
    """
    batch, size = before.shape
    one = np.float32(1)
    for row in range(batch):
        admit, keep, offer, emit = _quarters(gates[row], size)
        past, curved, slope, onward = before[row], bent[row], by_hidden[row], by_cell[row]
        for unit in range(size):
            a, k, o, e = admit[unit], keep[unit], offer[unit], emit[unit]
            inner = onward[unit] + slope[unit] * e * (one - curved[unit] * curved[unit])
            admit[unit] = inner * o * a * (one - a)
            keep[unit] = inner * past[unit] * k * (one - k)
            offer[unit] = inner * a * (one - o * o)
            emit[unit] = slope[unit] * curved[unit] * e * (one - e)
            onward[unit] = inner * k
        group, place = row // ROWS, row % ROWS
        for column in range(4 * size):
            groups[group, column, place] = gates[row, column]


@numba.njit
def _quarters(row: np.ndarray, size: int) -> tuple[np.ndarray, ...]:
    """The four gates of a row."""
    return row[:size], row[size : 2 * size], row[2 * size : 3 * size], row[3 * size :]
