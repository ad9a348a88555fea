"""Run a verb as the command line does, and hold it to what users are promised."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings

from slipfield.cli import main

MUTATIONS = int(os.environ.get("SLIPFIELD_FUZZ", "100"))
KINDS = 7


def mutations(share: float = 1.0) -> settings:
    """Settings of one kind of mutation: its part of all, the same ones in every run of the CI.

    What fails is not made smaller, which takes minutes where a mutation takes a second.
    """
    return settings(
        max_examples=max(5, round(share * MUTATIONS / KINDS)),
        derandomize="SLIPFIELD_FUZZ" not in os.environ,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        print_blob=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@dataclass(frozen=True)
class Result:
    """Exit code and both streams of a verb."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """Last line of the errors; what comes before it is progress."""
        return (self.err.strip().splitlines() or [""])[-1]


def run_verb(*arguments: object) -> Result:
    """Run a verb in this process; an exception that is no exit is a traceback to the user."""
    out, err = io.StringIO(), io.StringIO()
    with patch.object(sys, "argv", ["slipfield", *map(str, arguments)]):
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
                code = 0
            except SystemExit as end:
                code = end.code or 0
    return Result(code, out.getvalue(), err.getvalue())


def files(folder: Path) -> dict[Path, bytes]:
    """Every file below ``folder``, hidden ones too."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hold_to_promises(result: Result, before: dict[Path, bytes], folder: Path) -> None:
    """Check for success, or exit code 2, one line of error and no file touched."""
    assert result.code in (0, 2), result
    if result.code == 2:
        assert result.error.startswith("slipfield: error: "), result.err
        assert len(result.error) < 600, result.error
        assert sum(line.startswith("slipfield: error: ") for line in result.err.splitlines()) == 1
        assert files(folder) == before


def gather(results: Path, table: Path) -> Result:
    """Gather the study in ``results`` into its folder ``dataset``."""
    return run_verb(
        *("gather", "--config", results / "study.yaml", "--samples", table),
        *("--shards", results / "shards", "--microstructures", results / "microstructures"),
        *("--references", results / "references", "--output", results / "dataset"),
    )
