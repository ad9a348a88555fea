"""The network against a second formulation of the published equations, and its size by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.cnn_lstm.network import CnnLstm, build_network
from slipfield.kinds.slip.cnn_lstm.settings import check_image


def inputs(batch=2, time=5, image=16):
    torch.manual_seed(1)
    shapes = (batch, time, 3, image, image), (batch, 3, image, image), (batch, time)
    return [torch.randn(shape) for shape in shapes]


def trained_like(blocks=4):
    """Network in evaluation mode whose normalisation is not the identity, some scales negative."""
    torch.manual_seed(0)
    network = build_network(blocks)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.3)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
    return network.eval()


@pytest.mark.parametrize("blocks", [2, 3, 4, 5])
def test_parameter_count(blocks):
    channels = [3, *(16 * 2**i for i in range(blocks))]
    kernels = [25] + [9] * (blocks - 1)
    pairs = list(zip(channels, channels[1:], kernels, strict=False))
    convolutions = sum(a * b * kernel for a, b, kernel in pairs)
    normalisation = 2 * sum(channels[1:])
    encoder = convolutions + normalisation + channels[-1] * 64 + 64
    load = 64 + 64
    scores = 3 * (64 + 1)
    gates = 4 * 16
    lstm = gates * (192 + 16 + 2) + 2 * gates * (16 + 16 + 2)
    head = 16 * 3 + 3
    expected = 2 * encoder + load + scores + lstm + head
    assert sum(p.numel() for p in CnnLstm(blocks).parameters()) == expected
    assert blocks != 4 or expected == 231_574


def test_shapes_and_attention():
    network = trained_like()
    labels, attention = network(*inputs(batch=3, time=7, image=21))
    assert labels.shape == (3, 3)
    assert attention.shape == (3, 7, 3)
    assert torch.all(attention > 0)
    torch.testing.assert_close(attention.sum(dim=-1), torch.ones(3, 7))
    assert attention.std(dim=1).min() > 1e-4


def encode(encoder, images):
    """Encoder with ReLU before pooling, as the paper words it."""
    convolutions = [m for m in encoder.blocks if isinstance(m, torch.nn.Conv2d)]
    norms = [m for m in encoder.blocks if isinstance(m, torch.nn.BatchNorm2d)]
    assert [m.kernel_size for m in convolutions] == [(5, 5)] + [(3, 3)] * (len(norms) - 1)
    for i, (convolution, norm) in enumerate(zip(convolutions, norms, strict=True)):
        padding = convolution.kernel_size[0] // 2
        images = F.conv2d(F.pad(images, [padding] * 4), convolution.weight)
        shift, scale = norm.running_mean, torch.sqrt(norm.running_var + norm.eps)
        per_channel = [v[:, None, None] for v in (shift, scale, norm.weight, norm.bias)]
        images = (images - per_channel[0]) / per_channel[1] * per_channel[2] + per_channel[3]
        images = F.relu(images)
        if i < len(norms) - 1:
            images = F.max_pool2d(images, 2)
    return F.linear(images.mean((2, 3)), encoder.dense.weight, encoder.dense.bias)


def lstm_layer(weights, sequence):
    """Equations of the paper's section 3.2.3 (PyTorch's order of gates: i, f, C, o)."""
    w_x, w_h, b_x, b_h = weights
    hidden = cell = np.zeros(16)
    states = []
    for x in sequence:
        i, f, candidate, o = np.split(w_x @ x + w_h @ hidden + b_x + b_h, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        cell = f * cell + i * np.tanh(candidate)
        hidden = o * np.tanh(cell)
        states.append(hidden)
    return np.array(states)


@pytest.mark.parametrize("blocks", [2, 4])
def test_forward_follows_the_published_equations(blocks):
    network = trained_like(blocks)
    strain, orientation, load = inputs()
    with torch.no_grad():
        labels, attention = network(strain, orientation, load)
        for sample in range(2):
            time = len(strain[sample])
            by_frame = encode(network.strain_encoder, strain[sample])
            grains = encode(network.orientation_encoder, orientation[sample][None]).repeat(time, 1)
            curve = network.load_encoder(load[sample][:, None])
            features = [by_frame, grains, curve]
            scores = [s(f)[:, 0] for s, f in zip(network.scores, features, strict=True)]
            exponential = torch.exp(torch.stack(scores))
            weights = exponential / exponential.sum(dim=0)
            torch.testing.assert_close(attention[sample], weights.T, rtol=1e-4, atol=1e-5)
            weighted = [w[:, None] * f for w, f in zip(weights, features, strict=True)]
            sequence = torch.cat(weighted, dim=1).double().numpy()
            for layer in range(3):
                names = (f"{kind}_l{layer}" for kind in ("weight_ih", "weight_hh", "bias_ih"))
                names = (*names, f"bias_hh_l{layer}")
                sequence = lstm_layer([getattr(network.lstm, n).numpy() for n in names], sequence)
            expected = network.head.weight.numpy() @ sequence[-1] + network.head.bias.numpy()
            np.testing.assert_allclose(labels[sample], expected, rtol=1e-3, atol=1e-5)


def test_dropout_follows_every_lstm_layer():
    network = build_network(2)
    assert network.lstm.dropout == network.dropout.p == 0.3 and network.lstm.num_layers == 3
    network.eval()
    network.dropout.train()
    arguments = inputs()
    first, second = (network(*arguments)[0] for _ in range(2))
    assert not torch.equal(first, second)


def test_channels_last_changes_nothing():
    torch.manual_seed(0)
    plain = CnnLstm(3).eval()
    fast = build_network(3).eval()
    fast.load_state_dict(plain.state_dict())
    for one, other in zip(plain(*inputs()), fast(*inputs()), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_published_initialisation():
    torch.manual_seed(0)
    network = CnnLstm(4, "normal")
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1 and parameter.numel() > 1000:
            assert parameter.std().item() == pytest.approx(1, abs=0.1), name
            assert parameter.mean().item() == pytest.approx(0, abs=0.1), name
    assert not network.head.bias.any() and not network.lstm.bias_ih_l1.any()
    assert CnnLstm(4).head.weight.std() < 0.3


def test_images_that_are_too_small():
    check_image(4, (16, 16))
    with pytest.raises(SlipfieldError, match="learning.image_stride: leaves 15 x 20 nodes"):
        check_image(4, (15, 20))
    network = build_network(4).train()
    assert torch.isfinite(network(*inputs(batch=1, time=1, image=16))[0]).all()
