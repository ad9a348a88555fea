"""From displacements to the files of a correlation program, by way of images."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from imageio.v3 import imwrite

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.launch import LAUNCHER
from slipfield.kinds.slip.virtual_lab.camera import Camera, Scene, render
from slipfield.kinds.slip.virtual_lab.specimens import Sheet

SCRIPT = Path(__file__).with_name("correlate_pyaldic.py")


@dataclass(frozen=True)
class Correlation:
    """Settings of the correlation, pixels: subset (odd), step, full width of the strain fit."""

    subset: int = 33
    step: int = 8
    strain_window: int = 40


def strain_maps(
    sheet: Sheet, camera: Camera, settings: Correlation, number: int, frames: int, folder: Path
) -> Scene:
    """Photograph a sheet and correlate the images; what is there already is not made again.

    Writes the program's files into ``folder / "dic"`` and ``times.csv``; images are kept until
    then.

    Raises
    ------
    SlipfieldError
        If the program cannot be started or fails.
    """
    scene = Scene.of(camera, sheet.mesh, float(sheet.displacements[-1, 1].max()))
    if (folder / "times.csv").exists():
        return scene
    chosen = np.unique(np.linspace(0, len(sheet.time), frames + 1)[1:].round().astype(int) - 1)
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    own = replace(camera, seed=number)
    names = []
    for index, image in enumerate(render(own, scene, sheet.displacements[chosen])):
        names.append(str(images.resolve() / f"{index:03d}.png"))
        imwrite(names[-1], image)
    mask = images.resolve() / "mask.png"
    imwrite(mask, (255 * scene.inside()).astype(np.uint8))
    shutil.rmtree(folder / "dic", ignore_errors=True)
    content = {
        "images": names,
        "mask": str(mask),
        "subset": settings.subset,
        "step": settings.step,
        "strain_window": settings.strain_window,
        "output": str(folder.resolve() / "dic"),
    }
    write_text(folder / "correlation.json", json.dumps(content, indent=1) + "\n")
    _correlate(folder / "correlation.json")
    shutil.rmtree(images)
    times = "\n".join(f"{time:.9g}" for time in sheet.time[chosen])
    write_text(folder / "times.csv", times + "\n")
    return scene


def _correlate(settings: Path) -> None:
    """Run the program in its own environment."""
    command = [str(LAUNCHER), "--in", "correlate", "python3", str(SCRIPT), str(settings.resolve())]
    threads = {"NUMBA_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | threads)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise SlipfieldError(f"correlation: {lines[-1]}")
