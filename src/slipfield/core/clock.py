"""Files dated in the future, after a clock was ahead and was set back.

Snakemake fails a job whose output is older than its input and deletes that output, so that no job
could end before the clock has caught up.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from slipfield.core.errors import SlipfieldError

STEP_NS = 1_000_000
"""Distance of the new dates; coarser than the time stamps of most file systems, ns."""


def date_back(folder: str | Path) -> int:
    """Date the files below ``folder`` that are of the future to now, in their order; count them.

    Files may vanish meanwhile: jobs of an earlier run can still be at work on other machines.

    Raises
    ------
    SlipfieldError
        If one belongs to somebody else, who alone may date it.
    """
    now, future = time.time_ns(), []
    for where, _, names in os.walk(folder):
        for path in (os.path.join(where, name) for name in names):
            with suppress(FileNotFoundError):
                stamp = os.stat(path, follow_symlinks=False).st_mtime_ns
                if stamp > now:
                    future.append((stamp, path))
    future.sort()
    for place, (_, path) in enumerate(future, 1):
        stamp = now - (len(future) - place) * STEP_NS
        try:
            os.utime(path, ns=(stamp, stamp), follow_symlinks=False)
        except FileNotFoundError:
            pass
        except PermissionError as error:
            raise SlipfieldError(
                f"{path}: dated in the future, and not yours to date back; let its owner `touch` it"
            ) from error
    return len(future)
