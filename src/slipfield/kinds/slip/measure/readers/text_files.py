"""Text files of measuring computers, whatever their encoding."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from slipfield.core.errors import SlipfieldError

LONGEST_HEADER = 400
"""Lines before a table, at most."""

NO_TEXT = "not a text file; export it as text (CSV)"
NULS = re.compile(r"\0+(?=[\r\n]|\Z)")
"""Zeros at the end of a line (WinTest), or of a file that a computer was writing when it failed."""


def read_text(path: Path) -> str:
    """Text of a file, lines end with a line feed.

    Raises
    ------
    SlipfieldError
        If it is missing, empty or not text.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SlipfieldError(f"{path}: cannot be read: {error.strerror}") from error
    text = _decoded(path, content)
    if "\0" in text:
        text = NULS.sub("", text)
    if "\0" in text or not text.strip():
        raise SlipfieldError(f"{path}: {NO_TEXT if text.strip() else 'empty'}")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_lines(path: Path) -> list[str]:
    """Lines of a text file; errors as in :func:`read_text`."""
    return read_text(path).splitlines()


def first_lines(path: Path, count: int = LONGEST_HEADER) -> list[str]:
    """First lines of a text file; errors as in :func:`read_text`."""
    return read_text(path).split("\n", count)[:count]


def _decoded(path: Path, content: bytes) -> str:
    """Text of a file: UTF-8, UTF-16 (with or without its mark), or the code page of Windows."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif content[1:200:2].count(0) > 0.9 * len(content[1:200:2]) > 0:
        encodings = ["utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SlipfieldError(f"{path}: {NO_TEXT}")
