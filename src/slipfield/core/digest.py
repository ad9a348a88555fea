"""What a file holds, as one word."""

from __future__ import annotations

import hashlib
from pathlib import Path

from slipfield.core.errors import SlipfieldError


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits.

    Raises
    ------
    SlipfieldError
        If it cannot be read.
    """
    try:
        with open(path, "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be read: {error.strerror}") from error
