"""Removes the texts of exceptions from everything that is sent to X-Ray.

`capture_error=False` is not enough: the SDK records an exception that passes through any subsegment, such as the one
around each call of botocore. An exception's text may quote personal data. Its type and place remain.
"""

from typing import Any

from shared.runtime.xray import xray_recorder


class EmitterWithoutText:
    """Sends segments through another emitter, without texts. It is the one way out of the SDK."""

    def __init__(self, emitter: Any) -> None:
        self._emitter = emitter

    def send_entity(self, entity: Any) -> None:
        """Send a segment or subsegment."""
        remove_texts(entity)
        self._emitter.send_entity(entity)

    def set_daemon_address(self, address: str) -> None:
        """Set the address of the X-Ray daemon."""
        self._emitter.set_daemon_address(address)


def remove_texts(entity: Any) -> None:
    """Remove the texts of exceptions from a segment or subsegment and from all inside it."""
    # A cause is an id instead if another segment has the exception already.
    for exception in entity.cause.get("exceptions", ()) if isinstance(entity.cause, dict) else ():
        exception.message = None
    for inner in entity.subsegments:
        remove_texts(inner)


xray_recorder.emitter = EmitterWithoutText(xray_recorder.emitter)  # type: ignore[assignment] # it needs no more
