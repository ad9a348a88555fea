"""Verbs in processes that lack something: memory, room, a folder for temporary files.

Modules are loaded once; each fault is a fork of that process, so that a limit holds for the verb
alone. ``python -m tests.faults.short_of FOLDER CASES`` prints what went wrong, one case a line.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fuzz.verbs import files, run_verb

MB = 2**20
LARGEST_FILE_BYTES = 600
DISK_MB = 24
MEASURED = {"seconds", "cpu_seconds", "cpu_s", "fit_cpu_s", "peak_memory_mb"}
"""Fields that hold what a clock measured."""


SCIPY_SAYS = "SciPy could not read its table of direction numbers; the lines above say why"
"""SciPy prints a traceback of its own there, and goes on."""


def memory(spare_mb: int) -> Callable[[], None]:
    """Limit of the address space, beyond what the libraries take (`ulimit -v`)."""

    def limited() -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + spare_mb * MB
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    return limited


def short_files() -> None:
    """Limit of a file's size (`ulimit -f`)."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE_BYTES, LARGEST_FILE_BYTES))


def fill() -> None:
    """Leave no room on the disk of the current folder."""
    state = os.statvfs(".")
    with open("filler", "wb") as filler:
        filler.write(bytes(state.f_bavail * state.f_frsize))


def close() -> None:
    """Make the disk of the current folder read-only."""
    subprocess.run(["mount", "-o", "remount,ro", "."], check=True)


def open_again() -> None:
    """Undo :func:`fill` and :func:`close`."""
    subprocess.run(["mount", "-o", "remount,rw", "."], check=True)
    Path("filler").unlink(missing_ok=True)


def temporary(folder: str) -> Callable[[], None]:
    """Another folder for temporary files."""

    def set_folder() -> None:
        os.environ["TMPDIR"] = folder

    return set_folder


IN_THE_PROCESS = {
    "16 MB of memory": memory(16),
    "80 MB of memory": memory(80),
    "short files": short_files,
    "no TMPDIR": temporary("/nowhere"),
    "a TMPDIR without room for names": temporary("/proc/self/fd"),
}
OF_THE_DISK = {"a full disk": fill, "a read-only disk": close}
FAULTS = (*IN_THE_PROCESS, *OF_THE_DISK)


def forked(words: list[str], fault: Callable[[], None] | None = None) -> dict[str, object]:
    """Run a verb in a fork of this process, after ``fault``; give its exit code and errors."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        said = {"code": 70, "err": "Traceback: the fork failed"}
        try:
            if fault:
                fault()
            done = run_verb(*words)
            said = {"code": done.code, "err": done.err[-4000:]}
        except BaseException:
            said = {"code": 1, "err": traceback.format_exc()[-4000:]}
        finally:
            os.write(theirs, json.dumps(said).encode())
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        text = pipe.read()
    status = os.waitpid(child, 0)[1]
    return json.loads(text) if text else {"code": -status, "err": "killed"}


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """A small disk in memory with a copy of the current folder, which it becomes."""
    folder.mkdir()
    home = os.getcwd()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder], check=True)
    try:
        shutil.copytree(home, folder, dirs_exist_ok=True)
        os.chdir(folder)
        yield folder
    finally:
        os.chdir(home)
        subprocess.run(["umount", "--lazy", folder], check=True)


def compared(folder: Path) -> dict[str, bytes]:
    """Content of every file by its name, without what a clock measured."""
    found = {}
    for path, content in files(folder).items():
        name = str(path.relative_to(folder))
        if path.suffix == ".json":
            content = json.dumps(_unmeasured(json.loads(content))).encode()
        found[name] = content
    found.pop("filler", None)
    return found


def _unmeasured(held: object) -> object:
    if isinstance(held, list):
        return [_unmeasured(entry) for entry in held]
    if not isinstance(held, dict):
        return held
    return {name: _unmeasured(value) for name, value in held.items() if name not in MEASURED}


def problems(words: list[str], fault: str, whole: dict[str, bytes], place: Path) -> list[str]:
    """Run a verb in a copy of the current folder with a fault, then without; say what is wrong.

    ``whole`` is what the folder holds after the verb alone.
    """
    home = Path.cwd()
    before = set(compared(home))
    with disk(place):
        if fault in OF_THE_DISK:
            OF_THE_DISK[fault]()
            done = forked(words)
        else:
            done = forked(words, IN_THE_PROCESS[fault])
        found = [] if done["code"] == 0 else _message_problems(done)
        now = compared(place)
        if done["code"] == 0 and now != whole:
            found.append("it ends well, with other files")
        found += [
            f"{name} is not whole" for name in now.keys() - before if now[name] != whole.get(name)
        ]
        open_again()
        again = forked(words)
        if again["code"] or compared(place) != whole:
            found.append(f"afterwards it does not end as without a fault: {again['err'][-300:]}")
    print(f"   {fault}: {done['code']} {str(done['err']).strip()[-200:]}", file=sys.stderr)
    return found


def _message_problems(done: dict[str, object]) -> list[str]:
    lines = str(done["err"]).strip().splitlines() or [""]
    found = [] if done["code"] == 2 else [f"exit code {done['code']}: {lines[-1]}"]
    if "Traceback" in str(done["err"]) and SCIPY_SAYS not in lines[-1]:
        found.append(f"a traceback: {lines[-1]}")
    if not lines[-1].startswith("slipfield: error: "):
        found.append(f"no line of error: {lines[-1]}")
    return found


def main(folder: Path, cases: Path) -> int:
    """Try every verb of ``cases`` with every fault, each in the files of the verbs before it.

    ``cases`` is JSON: files to begin with, modules to load first, and verbs. Gives the number of
    faults tried.
    """
    content = json.loads(cases.read_text())
    os.environ["PYTHONHASHSEED"] = "0"
    for module in content["modules"]:
        __import__(module)
    home = folder / "home"
    home.mkdir()
    os.chdir(home)
    for name, text in content["files"].items():
        Path(name).write_text(text)
    tried = 0
    for number, verb in enumerate(content["verbs"]):
        words = verb.split()
        print(verb, file=sys.stderr)
        with disk(folder / f"{number}"):
            done = forked(words)
            assert done["code"] == 0, (verb, done["err"])
            whole = compared(Path.cwd())
        for fault in FAULTS:
            place = folder / f"{number}-{FAULTS.index(fault)}"
            for problem in problems(words, fault, whole, place):
                print(f"{verb}: {fault}: {problem}")
            tried += 1
        done = forked(words)
        assert done["code"] == 0, (verb, done["err"])
    return tried


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])), "faults tried", file=sys.stderr)
