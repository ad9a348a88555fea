"""Say at the end of a run how long each file's tests took."""

from collections import Counter

LISTED, SHORTEST_S = 12, 1.0


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
