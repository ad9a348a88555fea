"""What Linux says of this processor: its name and the instructions that it has."""

from __future__ import annotations

import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def processor_name() -> str:
    """Name of the processor, as far as it has one."""
    names = _values("model name", CPUINFO)
    return names[0] if names else platform.processor() or "unknown"


def instructions(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """Names of the processor's sets of instructions, as x86 and ARM list them; none if unknown."""
    lines = _values("flags", cpuinfo) or _values("Features", cpuinfo)
    return frozenset(lines[0].split() if lines else [])


def _values(key: str, cpuinfo: Path) -> list[str]:
    """What stands after ``key`` for each core."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return []
    pairs = (line.partition(":") for line in lines)
    return [value.strip() for name, _, value in pairs if name.strip() == key]
