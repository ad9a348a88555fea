"""What results say of themselves, read at every start of the workflow: nothing large, no arrays."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

from slipfield.core.errors import SlipfieldError


def recorded_json(path: Path) -> Any:
    """Content of a JSON file; None if it is not there, an empty dict if it is damaged.

    Raises
    ------
    SlipfieldError
        If it may not be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        return {}


def recorded_study(path: Path) -> dict[str, Any] | None:
    """Study that a JSON file names under ``study``; None if it names none, or is not there.

    Raises
    ------
    SlipfieldError
        If it may not be read.
    """
    content = recorded_json(path)
    study = content.get("study") if isinstance(content, dict) else None
    return study if isinstance(study, dict) else None


def recorded_attributes(path: Path) -> dict[str, Any] | None:
    """Attributes of a NetCDF file; None if it is not there, none if it is damaged.

    Raises
    ------
    SlipfieldError
        If it may not be read.
    """
    import h5py

    if not path.exists():
        return None
    if not os.access(path, os.R_OK):
        raise SlipfieldError(f"{path}: cannot be read: {os.strerror(errno.EACCES)}")
    try:
        with h5py.File(path) as file:
            return {name: _plain(value) for name, value in file.attrs.items()}
    except (OSError, RuntimeError, KeyError):
        return {}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if hasattr(value, "item") and getattr(value, "size", 0) == 1 else value
