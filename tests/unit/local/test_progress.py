import io

import pytest
from rich.console import Console

from local.progress import ConsoleProgress


def test_outside_a_terminal_a_step_is_one_plain_line_with_its_time() -> None:
    text = io.StringIO()
    with ConsoleProgress(Console(file=text)).step("Built [it]"):
        pass
    assert text.getvalue().startswith("  Built [it] ")
    assert text.getvalue().endswith(" 0.0 s\n")


def test_a_step_that_fails_is_not_reported_as_done() -> None:
    text = io.StringIO()
    with pytest.raises(RuntimeError), ConsoleProgress(Console(file=text)).step("Built"):
        raise RuntimeError
    assert text.getvalue() == ""
