"""Shows the figures that tests record. For a test that passes, pytest shows nothing else."""

from typing import Final

import pytest

# A test calls record_property("figures", ...), which also works in a pytest-xdist worker.
PROPERTY: Final = "figures"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of every test that recorded some."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    figures = [
        (report.nodeid, found) for report in reports for name, found in report.user_properties if name == PROPERTY
    ]
    if figures:
        terminalreporter.section("figures")
    for test, found in figures:
        terminalreporter.write_line(f"{test.partition('::')[2]}: {found}")
