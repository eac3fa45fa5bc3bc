"""A trace never fails the work that it describes."""

from typing import Any

import pytest

from shared.runtime import observability, tracing


def test_a_trace_that_cannot_be_recorded_is_logged_without_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raised, it would let the mapping deliver an event again that is published already, and again for a day."""
    logged: list[tuple[str, Any]] = []

    def breaks(*_: object, **__: object) -> None:
        raise ValueError("Ada Lovelace")

    monkeypatch.setattr(tracing, "_continue", breaks)
    monkeypatch.setattr(observability.logger, "warning", lambda text, extra: logged.append((text, extra)))

    tracing.continue_trace("a step", "1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8", "s", 0.0, {"customer": "c"})

    [(text, extra)] = logged
    assert (text, extra["error"]) == ("not traced", "ValueError")
    assert "Ada" not in repr(extra)
