"""Whether the files of a gathered dataset are still those that `gather` has read.

Their SHA-256 stand in the manifest. Reading all shards for every training would take as long as a
training of the smaller inverters, so that files whose size and dates have been seen with their
SHA-256 are not read again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from slipfield.core.digest import file_digest
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.progress import progress

SEEN = ".verified.json"
"""File beside the manifest: for each file, the SHA-256 it was seen with, and its dates then."""


def remember(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Note that ``files`` (path relative to ``folder`` -> bytes, sha256) are as the manifest says.

    A folder that cannot be written to has no notes.
    """
    with suppress(SlipfieldError, OSError):
        seen = {name: _mark(folder / name, entry) for name, entry in files.items()}
        write_text(folder / SEEN, json.dumps(seen, indent=1) + "\n")


def check_unchanged(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Compare files of a dataset with what its manifest says of them.

    Parameters
    ----------
    folder : Path
        Folder of the manifest.
    files : mapping
        Path relative to it -> ``bytes`` and ``sha256``.

    Raises
    ------
    SlipfieldError
        If one is missing or has changed.
    """
    seen = _seen(folder)
    unsure = []
    for name, entry in files.items():
        path = folder / name
        if not path.exists() or path.stat().st_size != entry["bytes"]:
            raise _changed(path)
        if seen.get(name) != _mark(path, entry):
            unsure.append(name)
    if not unsure:
        return
    with progress("verify files", len(unsure)) as advance:
        for name in unsure:
            if file_digest(folder / name) != files[name]["sha256"]:
                raise _changed(folder / name)
            advance()
    remember(folder, files)


def _mark(path: Path, entry: Mapping[str, Any]) -> list[Any]:
    state = os.stat(path)
    return [entry["sha256"], state.st_size, state.st_mtime_ns, state.st_ctime_ns]


def _seen(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / SEEN).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def _changed(path: Path) -> SlipfieldError:
    return SlipfieldError(f"{path}: missing or changed since `gather`; run it again")
