"""The command line and a browser for tests; in the end, how long each file's tests took."""

import sys
from collections import Counter
from dataclasses import dataclass
from functools import partial

import pytest

from slipfield.cli import main
from tests.browser import Browser, check_readable, program

LISTED, SHORTEST_S = 12, 1.0


@dataclass
class Result:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def slipfield(monkeypatch, capsys):
    """The command line as a function of its arguments."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["slipfield", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return Result(caught.value.code or 0, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def readable(tmp_path_factory):
    """Function that refuses a page which a reader could not read in a real browser."""
    if not (found := program()):
        pytest.skip("no Chromium here to open pages with: install Debian's package chromium")
    with Browser(found, tmp_path_factory.mktemp("browser")) as browser:
        yield partial(check_readable, browser)


def pytest_terminal_summary(terminalreporter):
    """List the slowest test files: set-up, calls and tear-down of all their tests."""
    spent = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "duration"):
                spent[report.nodeid.partition("::")[0]] += report.duration
    slow = [(file, seconds) for file, seconds in spent.most_common(LISTED) if seconds > SHORTEST_S]
    if slow:
        terminalreporter.section("slowest files")
    for file, seconds in slow:
        terminalreporter.write_line(f"{seconds:7.1f} s  {file}")
