"""An erasure of a long history leaves nothing (I9), wherever it was cut."""

import pytest

from tests.simulation.processes import answers

HISTORIES = (95, 130, 1050)


def test_an_erasure_that_was_cut_anywhere_leaves_nothing_once_it_is_finished(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = answers([["tests.simulation.cuts", "--versions", str(versions)] for versions in HISTORIES])

    with capsys.disabled():
        for part in found:
            print(f"\n{part['versions']} versions: {part['calls']} calls, cut {part['cuts']} times", end="")
    assert not [how for part in found for how in part["broken"]]
    assert all(part["cuts"] >= 2 * min(part["calls"], 30) for part in found)
