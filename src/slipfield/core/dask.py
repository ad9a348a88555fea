"""Dask comes with orix, and xarray imports it at the first look into any file: half a second.

Nothing here needs it but orix, so that a command keeps it from xarray until orix is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden() -> Iterator[None]:
    """Let ``import dask`` fail in the block as if it were not installed.

    A process whose xarray has looked for it already is left alone.
    """
    if "xarray" not in sys.modules:
        sys.modules.setdefault("dask", None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        show()


def show() -> None:
    """End :func:`hidden` early, before a library is imported that needs it."""
    if sys.modules.get("dask", sys) is None:
        del sys.modules["dask"]
