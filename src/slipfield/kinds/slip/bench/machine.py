"""The machine a measurement ran on, and whether others were using it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import Any

from slipfield.core.processor import instructions, processor_name

BUSY_SHARE = 0.3  # load average per core from which others are taken to be at work


def describe_machine() -> dict[str, Any]:
    """Processor, cores of this process, memory in GB, load averages now and the date.

    ``avx512`` says whether it has these instructions, which make much of the speed here, ``busy``
    whether other programs were using the machine just before.
    """
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor_name(),
        "avx512": "avx512f" in instructions(),
        "architecture": platform.machine(),
        "cores": cores,
        "memory_gb": round(memory / 1e9, 1),
        "load_average": [round(value, 2) for value in load],
        "busy": load[0] > BUSY_SHARE * cores,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
