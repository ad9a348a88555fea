"""What the tests of malformed inputs share: the list of cases and the check of the message."""

import sys

import pytest

from slipfield.cli import main
from tests.kinds.slip.measure import measurement as m

TEST = m.Test()
DIC = {}
GRAINS = {}
LOAD = {}
SPECIMEN = {}


def case(table, *fragments):
    """Register a function that spoils an input under its name, with what the message must say."""

    def register(function):
        table[function.__name__.strip("_")] = (function, fragments)
        return function

    return register


def edit(path, *pairs):
    """Replace texts that must be there in a file."""
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def run(monkeypatch, capsys, arguments):
    """Exit code and output of the command line."""
    monkeypatch.setattr(sys, "argv", ["slipfield", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code, capsys.readouterr()


def assert_one_line(code, captured, fragments):
    """Check that one line on stderr says it all."""
    assert code == 2
    assert captured.out == ""
    assert captured.err.startswith("slipfield: error: ")
    assert captured.err.count("\n") == 1, captured.err
    for fragment in fragments:
        assert fragment in captured.err
