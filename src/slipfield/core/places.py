"""Who may write where: jobs of the run that holds a study, and one process in a folder."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from slipfield.core.errors import SlipfieldError

RUN_VARIABLE = "SLIPFIELD_RUN"
"""Environment variable of the workflow's jobs: a word, a colon, and the file that must hold it."""

CLAIM = ".claimed"

BEAT_S = 20.0
"""Time between two signs of life of a claim, s."""

SILENT_S = 300.0
"""Time without a sign of life after which a claim counts no more, s."""


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


def is_running(process: int) -> bool:
    """Whether a process of this machine lives; one that is dead but not yet buried does not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    with suppress(OSError, IndexError):  # no /proc: what `kill` said holds
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in ("Z", "X")
    return True


def owner_in(name: str) -> tuple[str, int] | None:
    """Machine and process in HOST.PROCESS; None if it is something else."""
    host, _, process = name.rpartition(".")
    return (host, int(process)) if host and process.isdigit() else None


def abandoned(file: Path, owner: tuple[str, int], ours: Path, patience_s: float) -> bool:
    """Whether the file of a process counts no more: of one here that has ended, or an old one.

    A process of another machine cannot be asked, and the number of one that has ended here is given
    to another one some day: what has not been touched for longer is nobody's.

    Parameters
    ----------
    owner : machine and process of ``file``.
    ours : a file beside it that the same file system has just dated; ages are taken against it.
    patience_s : age up to which a file counts, s.

    Raises
    ------
    FileNotFoundError
        If one of the files is gone.
    """
    host, process = owner
    if host == socket.gethostname() and not is_running(process):
        return True
    return ours.stat().st_mtime - file.stat().st_mtime > patience_s


@contextmanager
def claimed(folder: str | Path, work: str) -> Iterator[None]:
    """Keep ``folder`` for this process until the block ends; make it if it is not there.

    The claim is a lock, and for machines that share no locks a file that names machine and
    process and is touched every :data:`BEAT_S`. The lock ends with its process, however it ends;
    the file of a process that is gone counts no more, that of another machine once it has not
    been touched for :data:`SILENT_S`. Whoever claims writes its file first and looks then, so
    that of two that begin at the same time one is refused, or both. Jobs of the workflow need no
    claim: its run has claimed the whole study, and an orphan that still holds a folder cannot
    write.

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
    ours = folder / f"{CLAIM}.{socket.gethostname()}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / CLAIM, "w")
    except OSError as error:
        raise SlipfieldError(f"{folder}: cannot be written: {error.strerror}") from error
    with lock:
        _lock(lock, folder, work)
        with _kept(ours):
            _refuse_others(ours, work)
            try:
                yield
            finally:
                with suppress(OSError):
                    (folder / CLAIM).unlink()


def _lock(lock: IO[str], folder: Path, work: str) -> None:
    """Lock the open file for this process, if its file system has locks."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SlipfieldError(
            f"{folder}: another `{work}` is at work in this folder; wait for it to end, or "
            "choose another folder"
        ) from None
    except OSError:  # no locks on this file system
        pass


@contextmanager
def _kept(ours: Path) -> Iterator[None]:
    """Touch the file of a claim from time to time until the block ends, then remove it."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            with suppress(OSError):
                os.utime(ours)

    try:
        ours.write_text("")
    except OSError as error:
        raise SlipfieldError(f"{ours}: cannot be written: {error.strerror}") from error
    try:
        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
    finally:
        with suppress(OSError):
            ours.unlink()


def _refuse_others(ours: Path, work: str) -> None:
    """Refuse to work beside the claim of another process; remove claims that count no more."""
    for other in ours.parent.glob(f"{CLAIM}.*"):
        owner = owner_in(other.name.removeprefix(f"{CLAIM}."))
        if other == ours or owner is None:
            continue
        with suppress(FileNotFoundError):
            if not abandoned(other, owner, ours, SILENT_S):
                host, process = owner
                raise SlipfieldError(
                    f"{ours.parent}: another `{work}` is at work in this folder, process {process} "
                    f"on {host}; wait for it to end, choose another folder, or delete {other.name} "
                    "if that process is gone"
                )
            with suppress(PermissionError):
                other.unlink()
