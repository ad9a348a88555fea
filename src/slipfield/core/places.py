"""Who may write where: jobs of the run that holds a study, and one process in a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slipfield.core.errors import SlipfieldError

RUN_VARIABLE = "SLIPFIELD_RUN"
"""Environment variable of the workflow's jobs: a word, a colon, and the file that must hold it."""

CLAIM = ".claimed"


def check_place(path: str | Path) -> None:
    """Refuse to write for a run of the workflow that has ended while another one has begun.

    A job may outlive its run: the run's process was killed, the job was not, or is one of a
    cluster. What it has made is of the study as it was then. The run names a file and the word
    that it has written there in :data:`RUN_VARIABLE`; by hand, nothing is asked.

    Raises
    ------
    SlipfieldError
        If the file holds another word.
    """
    word, _, place = os.environ.get(RUN_VARIABLE, "").partition(":")
    if not place:
        return
    try:
        found = Path(place).read_text(encoding="utf-8").strip()
    except OSError:
        found = ""
    if found != word:
        raise SlipfieldError(
            f"{path}: not written: the run that started this job has ended, and another one has "
            "begun in its folder"
        )


@contextmanager
def claimed(folder: str | Path, work: str) -> Iterator[None]:
    """Keep ``folder`` for this process until the block ends; make it if it is not there.

    The claim ends with its process, however it ends. Jobs of the workflow need none: its run has
    claimed the whole study, and an orphan that still holds a folder cannot write. Where the file
    system has no locks, nothing is claimed.

    Raises
    ------
    SlipfieldError
        If another process has claimed it, or it cannot be made.
    """
    folder = Path(folder)
    if os.environ.get(RUN_VARIABLE):
        folder.mkdir(parents=True, exist_ok=True)
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / CLAIM, "w")
    except OSError as error:
        raise SlipfieldError(f"{folder}: cannot be written: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SlipfieldError(
                f"{folder}: another `{work}` is at work in this folder; wait for it to end, or "
                "choose another folder"
            ) from None
        except OSError:  # no locks on this file system
            pass
        yield
        with suppress(OSError):
            (folder / CLAIM).unlink()
