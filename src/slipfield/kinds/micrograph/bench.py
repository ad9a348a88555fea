"""Speed and memory of `micrograph segment` and `measure`, beside the network as published."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from slipfield.core.files import write_text
from slipfield.kinds.micrograph.boundary_network import PUBLISHED, BoundaryNetwork
from slipfield.kinds.micrograph.files import write_image
from slipfield.kinds.micrograph.measure import measure
from slipfield.kinds.micrograph.pixel_difference import as_plain
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.segment import SegmentOptions, segment
from slipfield.kinds.micrograph.tiles import network_for, probability

SEED = 0


def bench(side: int, published_px: int, output: Path) -> list[str]:
    """Time one rendered micrograph from its file to its labels and grain size, on one thread.

    The network as published takes the same kind of image, in tiles of the same size and with plain
    convolutions, too; its weights are random, which changes no time.

    Parameters
    ----------
    side : of the image, px.
    published_px : side of the part on which both networks are timed, px.

    Returns
    -------
    Lines for the user; numbers go to ``output`` (JSON).
    """
    torch.set_num_threads(1)
    drawn = render("etched-steel", SEED, (side, side))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.png"
        write_image(path, drawn.image, drawn.pixel_um)
        began = time.process_time()
        facts = segment(path, Path(folder) / "out", SegmentOptions())
        segmented = time.process_time()
        measure(Path(folder) / "out", False, True)
        measured = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    part = drawn.image[:published_px, :published_px]
    ours = _seconds(network_for("boundaries"), part)
    theirs = _seconds(as_plain(BoundaryNetwork(PUBLISHED)), part)
    found = {
        "side_px": side,
        "grains": facts["grains"],
        "segment_cpu_s": segmented - began,
        "measure_cpu_s": measured - segmented,
        "peak_gib": peak,
        "part_px": published_px,
        "network_cpu_s": ours,
        "published_cpu_s": theirs,
    }
    write_text(output, json.dumps(found, indent=2) + "\n")
    return [
        f"{side} x {side} px to {facts['grains']} grains and their size: "
        f"{measured - began:.1f} CPU s ({segmented - began:.1f} + {measured - segmented:.1f}), "
        f"{peak:.2f} GiB at most, with the renderer",
        f"network on {published_px} x {published_px} px: {ours:.2f} CPU s; as published: "
        f"{theirs:.2f} CPU s, {theirs / ours:.1f} times as long",
    ]


def _seconds(network: torch.nn.Module, image: np.ndarray) -> float:
    """CPU seconds of a network on an image (height, width), after a first go on a corner of it."""
    probability(network, image[:64, :64])
    began = time.process_time()
    probability(network, image)
    return time.process_time() - began
