"""What a machine, or a limit of a user, does not give: memory, processes, open files."""

from __future__ import annotations

import errno

from slipfield.core.errors import one_line

LONGEST = 120
ERRNOS = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
MEMORY = ("can't allocate memory", "not enough memory", "out of memory")
"""How PyTorch says so, on processors and GPUs, in an error of no special kind."""

THREADS = "can't start new thread"


def shortage(error: Exception) -> str:
    """One line for a user; empty for an error of another cause."""
    text = str(error)
    of_torch = isinstance(error, RuntimeError) and any(words in text for words in MEMORY)
    if isinstance(error, MemoryError) or of_torch:
        return f"memory: there is not enough of it for this ({one_line(error)[:LONGEST]})"
    if isinstance(error, OSError) and error.errno in ERRNOS:
        return f"this process: {error.strerror}; raise its limits (ulimit -u, -n, -v)"
    if isinstance(error, RuntimeError) and THREADS in text:
        return f"this process: {text}; raise its limits (ulimit -u, -v)"
    return ""
