"""Tables as files: every CSV is written here, the same as JSON for figures and report."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text

if TYPE_CHECKING:
    import pandas as pd


def csv_text(
    rows: Sequence[Mapping[str, Any]] | pd.DataFrame,
    digits: int | None = None,
    names: Sequence[str] | None = None,
) -> str:
    """Rows as CSV; what a row lacks, and what is nan in a data frame, is left empty.

    Parameters
    ----------
    rows : sequence of mappings, or a data frame, whose index is left out.
    digits : significant digits of floating-point numbers; default: all.
    names : columns; default: the keys of all rows, in the order in which they first come.
    """
    if not isinstance(rows, Sequence):
        form = f"%.{digits}g" if digits else None
        return rows.to_csv(index=False, columns=names, float_format=form, lineterminator="\n")
    text = io.StringIO()
    names = names or list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        short = {
            name: f"{value:.{digits}g}" if digits and isinstance(value, float) else value
            for name, value in row.items()
        }
        writer.writerow(short)
    return text.getvalue()


def write_summary(rows: list[dict[str, Any]], output: Path) -> None:
    """Write ``rows``, which have the same keys, to ``output`` and, as JSON, beside it.

    Raises
    ------
    SlipfieldError
        If ``output`` does not end in .csv: the JSON file might take its place.
    """
    if output.suffix.lower() != ".csv":
        raise SlipfieldError(f"output: given {str(output)!r}; expected a file that ends in .csv")
    write_text(output, csv_text(rows))
    write_text(output.with_suffix(".json"), json.dumps(rows, indent=1) + "\n")
