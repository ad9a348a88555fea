"""Command-line options that the verbs of several rooms share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from slipfield.core.errors import SlipfieldError

Config = Annotated[Path, typer.Option(help="Study file (YAML).")]
Output = Annotated[Path, typer.Option(help="File or folder to write.")]
Dataset = Annotated[Path, typer.Option(help="Folder that `gather` wrote.")]
Results = Annotated[
    Path | None, typer.Option(help="Folder of the study's files [default: results/<name>].")
]


def check_outputs(output: Sequence[Path], count: int, things: str) -> None:
    """Raise a SlipfieldError unless there is a file to write for each of ``count`` ``things``."""
    if len(output) != count:
        raise SlipfieldError(f"output: {len(output)} given for {count} {things}; give one for each")


def parse_rows(text: str) -> tuple[int, int]:
    """Turn 'A:B' into (A, B), half open.

    Raises
    ------
    SlipfieldError
        If the text is not two integers with 0 <= A < B.
    """
    first, _, last = text.partition(":")
    if not (text.isascii() and first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise SlipfieldError(
            f"rows: given {text!r}; expected A:B with 0 <= A < B, for example 0:20"
        )
    return int(first), int(last)
