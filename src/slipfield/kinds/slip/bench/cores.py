"""What two cores give: two samples side by side, or one specimen shared by two MPI ranks."""

from __future__ import annotations

from typing import Any

from slipfield.kinds.slip.bench.launch import Measurement, Specimen


def measure_fan_out(specimen: Specimen) -> dict[str, Any]:
    """Wall time of two batches of one sample, one after the other and side by side."""
    after_each_other = [Measurement("batch", specimen, 1).result() for _ in range(2)]
    pair = [Measurement("batch", specimen, 1) for _ in range(2)]
    side_by_side = [measurement.result() for measurement in pair]
    return {
        "cells": specimen.study.specimen.cells_x,
        **fan_out([r["interval"] for r in after_each_other], [r["interval"] for r in side_by_side]),
    }


def fan_out(
    after_each_other: list[list[float]], side_by_side: list[list[float]]
) -> dict[str, float]:
    """Wall seconds and speed-up of jobs from the times at which they started and ended.

    Jobs that were started together begin a little apart; the time from the first start to the
    last end counts.
    """
    serial = sum(end - start for start, end in after_each_other)
    together = max(end for _, end in side_by_side) - min(start for start, _ in side_by_side)
    return {
        "wall_seconds_after_each_other": serial,
        "wall_seconds_side_by_side": together,
        "speed_up": serial / together,
    }


def measure_ranks(specimen: Specimen) -> dict[str, Any]:
    """Wall time of one sample on one and on two MPI ranks."""
    wall = {
        ranks: Measurement("batch", specimen, 1, ranks=ranks).result()["wall_seconds"]
        for ranks in (1, 2)
    }
    return {
        "cells": specimen.study.specimen.cells_x,
        "wall_seconds": {str(ranks): seconds for ranks, seconds in wall.items()},
        "speed_up": wall[1] / wall[2],
    }
