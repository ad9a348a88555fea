"""Networks of micrographs as files: safetensors, with what the network is built of beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from slipfield.core.errors import SlipfieldError, one_line
from slipfield.core.files import complete_file
from slipfield.kinds.micrograph.boundary_network import BoundaryNetwork, BoundarySettings
from slipfield.kinds.micrograph.closing import Closing, read_closing
from slipfield.kinds.micrograph.defaults import RENDERED_PHASE, shipped
from slipfield.kinds.micrograph.nested_unet import NestedSettings, NestedUNet

NETWORKS = {
    "boundaries": (BoundaryNetwork, BoundarySettings),
    "phases": (NestedUNet, NestedSettings),
}
"""Class and settings by what a network finds."""

MARKED = "marked "
"""How the record of training images begins that somebody has marked."""

CLOSING = "closing"
"""Name of the record of how the lines of a network are closed."""
LENGTH = 8
"""Bytes of the size at the start of a file of safetensors, and what headers are padded to."""


def save_network(network: Any, task: str, facts: dict[str, str], path: Path) -> None:
    """Write the weights of a network; ``facts`` say how it was trained.

    The same network and facts give the same bytes.
    """
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    metadata = {**facts, "task": task, "settings": json.dumps(network.describe())}
    with complete_file(path) as temporary:
        temporary.write_bytes(_with_metadata(save(tensors), metadata))


def _with_metadata(content: bytes, metadata: dict[str, str]) -> bytes:
    """Add metadata to a file of safetensors, in order; the library's order is another each time.

    The format: size of the header, 8 bytes; the header, JSON that ends in spaces, so that its size
    is a multiple of 8; the numbers. https://huggingface.co/docs/safetensors/index
    """
    end = LENGTH + int.from_bytes(content[:LENGTH], "little")
    header = {"__metadata__": dict(sorted(metadata.items())), **json.loads(content[LENGTH:end])}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % LENGTH)
    return len(text).to_bytes(LENGTH, "little") + text + content[end:]


def load_network(task: str, path: Path | None = None) -> nn.Module:
    """Read a network that finds ``task``; without a path, the one that comes with Slipfield.

    Raises
    ------
    SlipfieldError
        If the file is missing, damaged, or of a network that finds something else.
    """
    if path is None:
        path = shipped(task)
        if not path.exists():
            raise SlipfieldError(
                f"no network of {task} comes with Slipfield; train one with "
                f"`micrograph train --task {task}`"
            )
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("task") != task:
                found = metadata.get("task", "something else")
                raise SlipfieldError(f"{path}: a network of {found}; expected one of {task}")
            kind, settings = NETWORKS[task]
            content = json.loads(metadata["settings"])
            content = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
            network = kind(settings(**content))
            network.load_state_dict({name: file.get_tensor(name) for name in file.keys()})
    except (OSError, SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise SlipfieldError(f"{path}: no readable network ({one_line(error)})") from error
    return network.eval()


def border_of(task: str, path: Path | None = None) -> float:
    """Probability from which on a pixel counts to a network that :func:`load_network` reads."""
    return 0.5 if task != "phases" or learnt_marks(task, path) else RENDERED_PHASE


def learnt_marks(task: str, path: Path | None = None) -> bool:
    """Whether a network has learnt from images that somebody has marked, not from rendered ones.

    Of one that does not say, so it is.
    """
    return _records(path or shipped(task)).get("presets", MARKED).startswith(MARKED)


def closing_of(path: Path | None = None) -> Closing:
    """How lines of a network of boundaries are closed; of one that does not say, as the shipped.

    Raises
    ------
    SlipfieldError
        If what it says is damaged.
    """
    ours = shipped("boundaries")
    source = path if path and _records(path).get(CLOSING) else ours
    try:
        return read_closing(json.loads(_records(source)[CLOSING]))
    except KeyError as error:
        raise SlipfieldError(
            f"{source}: says not how its lines are closed; train it again"
        ) from error
    except (SlipfieldError, ValueError) as error:
        raise SlipfieldError(f"{source}: {one_line(error)}; train it again") from error


def _records(path: Path) -> dict[str, str]:
    """What a network's file says beside its weights."""
    with safe_open(path, "pt") as file:
        return file.metadata() or {}


def count_parameters(network: nn.Module) -> int:
    """Trained numbers of a network."""
    return sum(each.numel() for each in network.parameters())
