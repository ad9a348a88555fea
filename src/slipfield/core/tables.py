"""Rows of a comparison as a table: CSV for readers, the same as JSON for figures and report."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text


def write_summary(rows: list[dict[str, Any]], output: Path) -> None:
    """Write ``rows``, which have the same keys, to ``output`` and, as JSON, beside it.

    Raises
    ------
    SlipfieldError
        If ``output`` does not end in .csv: the JSON file might take its place.
    """
    if output.suffix.lower() != ".csv":
        raise SlipfieldError(f"output: given {str(output)!r}; expected a file that ends in .csv")
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(output, text.getvalue())
    write_text(output.with_suffix(".json"), json.dumps(rows, indent=1) + "\n")
