"""The published network MA-LSTM-DLnet (crmeca.315, section 2.2).

A learned position embedding of at most 512 steps is added to the input channels; self-attention
with four heads; an LSTM with 800 hidden units; dropout of one half; one dense unit. The paper gives
no width of queries and keys; 4 x 32 is assumed.
"""

from __future__ import annotations

import torch
from torch import nn

from slipfield.kinds.curves.recurrence import recur

MOST_STEPS = 512
HEADS, KEY_WIDTH = 4, 128
HIDDEN = 800


class SelfAttention(nn.Module):
    """Scaled dot-product self-attention (equations 7 to 12); a step sees none after itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Linear(channels, KEY_WIDTH)
        self.key = nn.Linear(channels, KEY_WIDTH)
        self.value = nn.Linear(channels, KEY_WIDTH)
        self.output = nn.Linear(KEY_WIDTH, channels)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Map sequences (batch, steps, channels) to such of the same shape."""
        batch, steps, _ = inputs.shape
        query, key, value = (
            layer(inputs).view(batch, steps, HEADS, -1).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        heads = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.output(heads.transpose(1, 2).reshape(batch, steps, KEY_WIDTH))


class HalfDropout(nn.Module):
    """Dropout of one half, from single random bits: ``nn.Dropout(0.5)`` in a tenth of the time."""

    factors: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        bits = torch.arange(256)[:, None] >> torch.arange(8) & 1
        self.register_buffer("factors", 2.0 * bits, persistent=False)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Numbers of any shape, in training each with equal chances doubled or zero."""
        if not self.training:
            return inputs
        count, device = -(-inputs.numel() // 8), inputs.device
        bytes_ = torch.empty(count, dtype=torch.int32, device=device).random_(0, 256)
        factors = self.factors.index_select(0, bytes_).flatten()
        return inputs * factors[: inputs.numel()].view(inputs.shape)


class AttentionLSTM(nn.Module):
    """From sequences of features to stress, step by step."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.position = nn.Embedding(MOST_STEPS, channels)
        nn.init.normal_(self.position.weight, std=0.01)
        self.attention = SelfAttention(channels)
        self.lstm = nn.LSTM(channels, HIDDEN, batch_first=True)
        self.dropout = HalfDropout()
        self.dense = nn.Linear(HIDDEN, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Map standardised features (batch, steps, channels) to scaled stress (batch, steps)."""
        steps = torch.arange(inputs.shape[1], device=inputs.device)
        hidden = recur(self.lstm, self.attention(inputs + self.position(steps)))
        return self.dense(self.dropout(hidden)).squeeze(-1)
