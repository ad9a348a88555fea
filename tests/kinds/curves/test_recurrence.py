"""The LSTM and the dropout of the published network, against PyTorch's own."""

import pytest
import torch
from torch import nn

from slipfield.kinds.curves.network import AttentionLSTM, HalfDropout
from slipfield.kinds.curves.recurrence import recur


def worst(found, expected):
    """Largest difference over the largest number, 1."""
    return max(
        float(((one - two).abs().max() / two.abs().max().clamp_min(1e-12)).detach())
        for one, two in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize(("batch", "steps", "hidden"), [(20, 12, 48), (7, 5, 32), (1, 2, 16)])
def test_states_and_derivatives_are_those_of_pytorch(batch, steps, hidden):
    torch.manual_seed(batch)
    lstm = nn.LSTM(3, hidden, batch_first=True)
    inputs = torch.randn(batch, steps, 3, requires_grad=True)
    weights = torch.randn(batch, steps, hidden)
    wanted = [inputs, *lstm.parameters()]
    ours, theirs = recur(lstm, inputs), lstm(inputs)[0]
    assert worst([ours], [theirs]) < 1e-6
    derivatives = (torch.autograd.grad(states, wanted, weights) for states in (ours, theirs))
    assert worst(*derivatives) < 2e-6


def test_states_that_were_differentiated_are_spent():
    lstm = nn.LSTM(3, 16, batch_first=True)
    total = recur(lstm, torch.randn(2, 3, 3)).sum()
    total.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="run the network again"):
        total.backward()


class PlainLSTM(AttentionLSTM):
    """The published network as PyTorch's own parts make it."""

    def forward(self, inputs):
        steps = torch.arange(inputs.shape[1])
        hidden, _ = self.lstm(self.attention(inputs + self.position(steps)))
        return self.dense(nn.functional.dropout(hidden, 0.5, self.training)).squeeze(-1)


@pytest.mark.slow
def test_the_whole_network_learns_as_the_plain_one():
    """Four updates of both from the same weights, without the dropout's chance."""
    torch.manual_seed(0)
    inputs, target = torch.randn(20, 16, 7), torch.randn(20, 16)
    ours, plain = AttentionLSTM(7).eval(), PlainLSTM(7).eval()
    plain.load_state_dict(ours.state_dict())
    losses = []
    for network in (ours, plain):
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
        for _ in range(4):
            optimiser.zero_grad()
            loss = ((network(inputs) - target) ** 2).mean()
            loss.backward()
            optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert losses[0] < 0.99
    assert worst([ours.dense.weight], [plain.dense.weight]) < 1e-3


def test_half_dropout_is_a_fair_coin_for_every_number():
    torch.manual_seed(0)
    ones = torch.ones(400, 3, 7, requires_grad=True)
    dropped = HalfDropout()(ones)
    assert set(dropped.detach().unique().tolist()) == {0.0, 2.0}
    kept = (dropped.detach() / 2).flatten().numpy()
    four_sigma = 2 / len(kept) ** 0.5
    assert abs(kept.mean() - 0.5) < four_sigma
    for lag in (1, 7, 8, 21):
        assert abs((kept[lag:] == kept[:-lag]).mean() - 0.5) < 1.1 * four_sigma
    dropped.sum().backward()
    assert torch.equal(ones.grad, dropped.detach())
    assert torch.equal(HalfDropout().eval()(ones), ones)
