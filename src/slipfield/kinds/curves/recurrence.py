"""PyTorch's LSTM on a processor, with the same mathematics in less time.

Hochreiter & Schmidhuber, Neural Comput. 9, 1735, 1997, with forget gates; derivatives by
backpropagation through time. What differs from ``nn.LSTM``'s own loop is where the time goes: the
products step by step are :mod:`slipfield.kinds.curves.products`, what happens in the cells between
them is :mod:`slipfield.kinds.curves.cells`, and each gradient of a weight is one product over all
steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.autograd.function import once_differentiable

from slipfield.kinds.curves.cells import step_back, step_on
from slipfield.kinds.curves.products import ROWS, add_product, panelled


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
        steps, batch, _ = inputs.shape
        size = recurrent.shape[1]
        gates, cells, bent, hidden = (
            torch.from_numpy(np.empty((steps, batch, width), np.float32))
            for width in (4 * size, size, size, size)
        )
        panels = panelled(recurrent.detach().numpy().T)
        groups = np.empty((batch // ROWS, size, ROWS), np.float32)
        known, states, curved, shown = (v.numpy() for v in (gates, cells, bent, hidden))
        past = np.zeros((batch, size), np.float32)
        for step in range(steps):
            torch.addmm(bias, inputs[step], weights.t(), out=gates[step])
            if step:
                add_product(groups, panels, known[step])
            step_on(known[step], past, states[step], curved[step], shown[step], groups)
            past = states[step]
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
            step_back(known[step], before, curved[step], slopes[step], by_cell, groups)
            if step:
                add_product(groups, panels, slopes[step - 1])
        by_recurrent = gates[1:].flatten(0, 1).t() @ hidden[:-1].flatten(0, 1)
        flat = gates.flatten(0, 1)
        driven = nn.functional.pad(inputs.flatten(0, 1), (0, 1), value=1.0)  # 1 drives the bias
        *by_weights, by_bias = driven.t() @ flat
        by_inputs = (weights.t() @ flat.t()).t().view(inputs.shape)
        return by_inputs, torch.stack(by_weights, 1), by_recurrent, by_bias
