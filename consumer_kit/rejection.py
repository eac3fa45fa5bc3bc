"""What a dead letter keeps of a rejected message: which event it was, and why. No personal data.

A dead letter waits until someone fixes the cause, and an erasure does not reach it. So it has only attributes of the
CloudEvent that name the event, and each only if it looks as it must: a broken message can have anything anywhere.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from consumer_kit.parsing import REJECTED, NotAnEvent, is_rejection, unwrapped

REASON: Final = "reason"
_UUID: Final = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {
        "type": r"customers\.[A-Z][A-Za-z]{2,63}",
        "id": _UUID,
        "source": r"urn:customers-api:[a-z0-9-]{1,64}",
        "subject": _UUID,
        "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z",
        "dataschema": r"urn:customers-api:schema:[A-Z][A-Za-z]{2,63}:\d{1,18}",
        "sequence": r"\d{1,18}",
    }.items()
}


def rejection(body: str, reason: str) -> str:
    """The body of the dead letter for a rejected message.

    Args:
        body: The body of the message, whatever it is.
        reason: Why it was rejected. Must not contain personal data.
    """
    return json.dumps({REJECTED: {**_identity(body), REASON: reason}})


def parsed_rejection(body: str) -> Mapping[str, Any] | None:
    """The identity and the reason in a dead letter's body; None if the body is the message itself."""
    found = _json(body)
    return found[REJECTED] if is_rejection(found) and isinstance(found[REJECTED], Mapping) else None


def _identity(body: str) -> dict[str, str | int]:
    try:
        event = unwrapped(_json(body))
    except NotAnEvent:
        return {}
    epoch = event.get("epoch")
    # By its exact type, because True is an int, too.
    known: dict[str, str | int] = {"epoch": epoch} if type(epoch) is int and epoch > 0 else {}
    return known | {
        name: event[name]
        for name, pattern in _PATTERNS.items()
        if isinstance(event.get(name), str) and pattern.fullmatch(event[name])
    }


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
