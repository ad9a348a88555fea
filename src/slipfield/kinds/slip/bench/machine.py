"""The machine a measurement ran on, and whether others were using it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BUSY_SHARE = 0.3  # load average per core from which others are taken to be at work


def describe_machine() -> dict[str, Any]:
    """Processor, cores of this process, memory in GB, load averages now and the date.

    ``busy`` says whether other programs were using the machine just before.
    """
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": cores,
        "memory_gb": round(memory / 1e9, 1),
        "load_average": [round(value, 2) for value in load],
        "busy": load[0] > BUSY_SHARE * cores,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _processor() -> str:
    """Name of the processor, by /proc/cpuinfo where it is."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
