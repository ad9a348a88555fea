"""What results say of themselves, read at every start of the workflow: nothing large, no arrays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def recorded_json(path: Path) -> Any:
    """Content of a JSON file; None if it is not there, an empty dict if it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return {}


def recorded_attributes(path: Path) -> dict[str, Any] | None:
    """Attributes of a NetCDF file; None if it is not there, none if it cannot be read."""
    import h5py

    if not path.exists():
        return None
    try:
        with h5py.File(path) as file:
            return {name: _plain(value) for name, value in file.attrs.items()}
    except (OSError, RuntimeError, KeyError):
        return {}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if hasattr(value, "item") and getattr(value, "size", 0) == 1 else value
