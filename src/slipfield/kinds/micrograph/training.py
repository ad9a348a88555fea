"""Training of the networks of micrographs on rendered images; a killed training continues."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import complete_file
from slipfield.core.places import claimed
from slipfield.core.progress import progress
from slipfield.kinds.micrograph.boundary_network import BoundaryNetwork, dice_loss
from slipfield.kinds.micrograph.nested_unet import NestedUNet
from slipfield.kinds.micrograph.pool import Pool
from slipfield.kinds.micrograph.weights import save_network

BATCH = 4
RATE = 3e-3
WARM_UP_STEPS = 20
STEADY_STEPS = 1000
"""The rate falls from here on, in a way for which no end has to be known."""
MEMORY = 0.995
"""Of the running mean of the weights, which is what is written: it is good at every step."""
STEPS_BETWEEN_CHECKPOINTS = 10
SIDE_WEIGHT = 0.3


def rate_share(step: int) -> float:
    """Share of :data:`RATE` in a step, from 0: it rises, stays, falls as the root of the steps."""
    return min((step + 1) / WARM_UP_STEPS, 1.0, (STEADY_STEPS / (step + 1)) ** 0.5)


def running_mean(mean: torch.Tensor, new: torch.Tensor, count: torch.Tensor | int) -> torch.Tensor:
    """Mean of ``count`` and one more values; later ones count more, the first one does not stay."""
    return mean + (new - mean) * max(1 - MEMORY, 2 / (int(count) + 2))


def loss_of(logits: Sequence[torch.Tensor], truth: torch.Tensor, entropy: float) -> torch.Tensor:
    """Dice loss and ``entropy`` times the cross-entropy of the answer, less weight for sides."""
    total = torch.zeros(())
    for number, each in enumerate(logits):
        part = dice_loss(each, truth)
        if entropy:
            part = part + entropy * nn.functional.binary_cross_entropy_with_logits(each, truth)
        total = total + (1.0 if number == 0 else SIDE_WEIGHT) * part
    return total


def train(
    network: BoundaryNetwork | NestedUNet,
    task: str,
    pool: Callable[[], Pool],
    steps: int,
    output: Path,
    seed: int = 0,
    entropy: float = 1.0,
    facts: dict[str, str] | None = None,
    finish: Callable[[nn.Module], dict[str, str]] | None = None,
) -> float:
    """Train a network and write it to ``output``; a checkpoint beside it lets more steps follow.

    Parameters
    ----------
    pool : makes the images; called when a step is to be done.
    steps : batches of :data:`BATCH` pieces, 1.
    entropy : weight of the cross-entropy beside the Dice loss; 0 as published.
    facts : what else decides the training, such as its images; written into the file, too.
    finish : gives what else is written, of the trained network.

    Returns
    -------
    float
        CPU seconds of all goes together.

    Raises
    ------
    SlipfieldError
        If the checkpoint beside ``output`` is of another training, or the loss is not finite.
    """
    facts = facts or {}
    head = {"settings": network.describe(), "seed": seed, "entropy": entropy, **facts}
    checkpoint = output.with_name(f".{output.stem}.checkpoint.pt")
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # quicker
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate_share)
    mean = AveragedModel(network, avg_fn=running_mean, use_buffers=True)
    parts: dict[str, Any] = {
        "network": network,
        "mean": mean,
        "optimizer": optimizer,
        "schedule": schedule,
    }
    with claimed(output.with_name(f".{output.stem}.work"), "micrograph train"):
        first, before = _resume(checkpoint, head, parts)
        began = time.process_time()
        network.train()
        if first < steps:
            pieces = pool()  # rendering is not part of the time a step takes
        with progress(f"train {task}", steps) as advance:
            for step in range(first, steps):
                generator = np.random.default_rng([seed, step])
                images, truths = pieces.batch(generator, BATCH)
                loss = loss_of(network(images), truths, entropy)
                if not torch.isfinite(loss):
                    raise SlipfieldError(f"{output}: the loss is not finite in step {step}")
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                mean.update_parameters(network)
                if (step + 1) % STEPS_BETWEEN_CHECKPOINTS == 0:
                    state = {name: part.state_dict() for name, part in parts.items()}
                    spent = before + time.process_time() - began
                    with complete_file(checkpoint) as temporary:
                        torch.save(
                            {"head": head, "step": step + 1, "cpu": spent, **state}, temporary
                        )
                advance(f"loss {loss.item():.3f}", step + 1)
        spent = before + time.process_time() - began
        about = {**head, "steps": max(first, steps), "cpu_seconds": round(spent)}
        trained = mean.module.eval()
        more = finish(trained) if finish else {}
        save_network(trained, task, {"training": json.dumps(about), **facts, **more}, output)
    return spent


def _resume(checkpoint: Path, head: dict, parts: dict) -> tuple[int, float]:
    """Steps done and CPU seconds spent by an earlier go, whose state goes into ``parts``."""
    if not checkpoint.exists():
        return 0, 0.0
    try:
        content = torch.load(checkpoint, weights_only=True)
        if json.dumps(content["head"]) != json.dumps(head):
            raise SlipfieldError(f"{checkpoint}: of a training with other settings; delete it")
        for name, part in parts.items():
            part.load_state_dict(content[name])
        return int(content["step"]), float(content["cpu"])
    except SlipfieldError:
        raise
    except Exception as error:
        raise SlipfieldError(f"{checkpoint}: not readable; delete it and run again") from error
