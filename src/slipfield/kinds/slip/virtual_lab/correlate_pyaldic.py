"""Correlate images with pyALDIC (al-dic); runs in the develop environment, as a script.

`python correlate_pyaldic.py SETTINGS.json`: images, mask, subset, step and radius in pixels; writes
the program's own CSV files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from al_dic import dicpara_default, run_aldic
from al_dic.core.data_structures import GridxyROIRange
from al_dic.export.export_csv import export_csv
from imageio.v3 import imread

GREEN_LAGRANGE, PLANE_FIT = 2, 2
FIELDS = ["disp_u", "disp_v", "strain_exx", "strain_eyy", "strain_exy"]


def main(path: Path) -> None:
    """Correlate as the settings say; the rest is the program's default."""
    given = json.loads(path.read_text(encoding="utf-8"))
    images = [imread(name).astype(float) / 255 for name in given["images"]]
    mask = (imread(given["mask"]) > 0).astype(float)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    half = given["subset"] // 2
    box = [
        (int(max(line[0], half + 1)), int(min(line[-1], size - half - 2)))
        for line, size in ((columns, mask.shape[1]), (rows, mask.shape[0]))
    ]
    settings = dicpara_default(
        winsize=given["subset"] - 1,
        winstepsize=given["step"],
        winsize_min=min(given["step"], 8),
        gridxy_roi_range=GridxyROIRange(gridx=box[0], gridy=box[1]),
        img_size=mask.shape,
        use_global_step=False,
        reference_mode="accumulative",
        init_guess_mode="previous",
        method_to_compute_strain=PLANE_FIT,
        strain_plane_fit_rad=given["strain_window"] / 2,
        strain_type=GREEN_LAGRANGE,
        show_plots=False,
    )
    masks = [mask, *(np.ones_like(mask) for _ in images[1:])]
    found = run_aldic(settings, images, masks)
    export_csv(Path(given["output"]), "frames", "0", found, FIELDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
