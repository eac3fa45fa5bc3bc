"""Settings."""

import pytest

from shared.runtime.settings import MissingSetting, required


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_setting_is_named_in_the_error(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("EVENT_TABLE", raising=False)
    if value is not None:
        monkeypatch.setenv("EVENT_TABLE", value)

    with pytest.raises(MissingSetting, match="EVENT_TABLE is not set"):
        required("EVENT_TABLE")


def test_a_setting_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_TABLE", "t")

    assert required("EVENT_TABLE") == "t"
