"""The specimen of a live test that is over, imported as a whole from its files."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.kinds.slip.live.running import RunningTest
from slipfield.kinds.slip.measure.loads import add_load
from slipfield.kinds.slip.measure.specimen_file import (
    STRAIN_EXTRAS,
    STRAIN_PART,
    provenance,
    write_specimen,
)
from slipfield.kinds.slip.measure.strain_maps import import_strain

SPECIMEN = "specimen.nc"


def finished_specimen(test: RunningTest, data: xr.Dataset, output: Path) -> Path:
    """Write the specimen of the finished test into ``output``, and return its path.

    Parameters
    ----------
    data : specimen of the first frames, whose grains and outline are kept.

    Raises
    ------
    SlipfieldError
        If frames or load table do not make a specimen.
    """
    rows = [row for row, path in zip(test.rows, test.files, strict=True) if path.exists()]
    gone = [row.file for row in test.rows if row not in rows]
    test.notes += [f"{name} was left out at the end: it is not there any more" for name in gone]
    options = test.reader.recipe.strain
    if [row.frame for row in rows] != list(range(len(rows))):
        times = output / "work" / "times.csv"
        write_text(times, "".join(f"{row.time!r}\n" for row in rows))
        options = replace(options, interval=None, start=None, times=times)
    try:
        whole = import_strain([test.arrivals.folder / row.file for row in rows], options)
        whole = _with_loads(whole, test)
        path = output / SPECIMEN
        path.unlink(missing_ok=True)
        write_specimen(_with_rest(whole, data), path)
    except SlipfieldError as error:
        raise SlipfieldError(
            f"{error}. All frames are kept: mend that file, or take it away, and start again with "
            "the same output"
        ) from error
    return path


def _with_rest(whole: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """The finished test with grains and outline of the specimen of the first frames."""
    others = [step for step in provenance(data) if step.get("import") not in ("dic", "load")]
    steps = [*provenance(whole), *others]
    mine = {**STRAIN_PART, **STRAIN_EXTRAS}
    rest = data.drop_vars([name for name in mine if name in data.variables])
    attrs = {**data.attrs, **whole.attrs, "provenance": json.dumps(steps)}
    return rest.assign(whole.variables).assign_attrs(attrs)


def _with_loads(data: xr.Dataset, test: RunningTest) -> xr.Dataset:
    """Specimen with the loads of the table, if there is one; of its whole lines, if not all are.

    The last line of a table that is still being written may be cut within a number.
    """
    table, load = test.arrivals.table_path, test.reader.recipe.load
    if not table.exists():
        return data
    settled = test.arrivals.settled(table)
    if settled:
        with suppress(SlipfieldError):
            return add_load(data, table, **load)
    found = _with_whole_lines(data, test)
    if settled:
        test.notes.append(f"{table.name}: its last line is not whole, and was left out")
    return found


def _with_whole_lines(data: xr.Dataset, test: RunningTest) -> xr.Dataset:
    table, load = test.arrivals.table_path, test.reader.recipe.load
    copy = test.copy / table.name
    try:
        return add_load(data, test.arrivals.load_table(copy), **load)
    except SlipfieldError as error:
        raise SlipfieldError(test.arrivals.own_name(str(error), copy)) from error
