"""How a command ends early."""

import signal
from collections.abc import Iterator

import pytest

from local.signals import sigterm_as_interrupt, stop_on_signal


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_sigterm_raises_an_interrupt_within_the_block_and_the_handler_is_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt), sigterm_as_interrupt():
        signal.raise_signal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_stops_on_either_signal(number: signal.Signals) -> None:
    stop = stop_on_signal()

    assert not stop.is_set()
    signal.raise_signal(number)
    assert stop.is_set()
