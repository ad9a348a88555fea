"""Where a training runs, and what it does with freed memory."""

from __future__ import annotations

import ctypes
import fcntl
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import IO

import torch

from slipfield.core.errors import SlipfieldError

_MALLOC_TRIM_THRESHOLD, _MALLOC_MMAP_MAX = -1, -4
_locks: list[IO[str]] = []


def choose_device(name: str) -> torch.device:
    """Turn ``learning.device`` into a device; of several GPUs this process gets one of its own.

    Raises
    ------
    SlipfieldError
        If CUDA is asked for and not there.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise SlipfieldError("learning.device: given 'cuda', but no CUDA device is usable here")
    if not available or name == "cpu":
        return torch.device("cpu")
    return torch.device("cuda", claim_gpu(torch.cuda.device_count()))


@cache
def claim_gpu(count: int, folder: Path | None = None) -> int:
    """Give the first of ``count`` GPUs that no other process of ours holds; the first if none is.

    The claim is a lock on a file in ``folder`` (the temporary folder by default) and ends with
    this process. Folds that run side by side on one machine thus spread over its GPUs. Each user
    has files of their own, for those of others cannot be opened.
    """
    folder = folder or Path(tempfile.gettempdir())
    for index in range(count):
        path = folder / f"slipfield-{os.getuid()}-gpu-{index}.lock"
        handle = open(path, "w", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            continue
        _locks.append(handle)
        return index
    return 0


def keep_freed_memory() -> None:
    """Let freed memory stay with this process, where its C library is glibc.

    By default every large array is mapped from the system and given back, and its pages are
    filled with zeros anew in each step: a third of the time of a training step on a CPU.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_MALLOC_MMAP_MAX, 0)
        library.mallopt(_MALLOC_TRIM_THRESHOLD, 2**31 - 1)
