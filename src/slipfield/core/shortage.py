"""What a machine, or a limit of a user, does not give: memory, processes, open files."""

from __future__ import annotations

import errno
import resource

from slipfield.core.errors import one_line

LONGEST = 120
ERRNOS = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
MEMORY = ("can't allocate memory", "not enough memory", "out of memory")
"""How PyTorch says so, on processors and GPUs, in an error of no special kind."""

LOADING = ("failed to map segment", "cannot allocate memory", "Cannot allocate memory")
"""How the system's linker says so, of a library that Python imports."""

SILENT = ("error return without exception set", "without setting an exception")
"""What Python says of a library that failed and did not say why, as some do without memory."""

THREADS = "can't start new thread"


def shortage(error: Exception) -> str:
    """One line for a user; empty for an error of another cause."""
    text = str(error)
    of_torch = isinstance(error, RuntimeError) and any(words in text for words in MEMORY)
    if isinstance(error, MemoryError) or of_torch:
        said = f" ({one_line(error)[:LONGEST]})" if text else ""
        return f"memory: there is not enough of it for this{said}"
    if isinstance(error, ImportError) and any(words in text for words in LOADING):
        said = next(line for line in text.splitlines() if any(words in line for words in LOADING))
        return f"memory: there is not enough of it to load a library ({said.strip()[-LONGEST:]})"
    limited = resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
    if isinstance(error, SystemError) and limited and any(words in text for words in SILENT):
        return "memory: a library failed without a reason; raise the limit of memory (ulimit -v)"
    if isinstance(error, OSError) and error.errno in ERRNOS:
        return f"this process: {error.strerror}; raise its limits (ulimit -u, -n, -v)"
    if isinstance(error, RuntimeError) and THREADS in text:
        return f"this process: {text}; raise its limits (ulimit -u, -v)"
    return ""
