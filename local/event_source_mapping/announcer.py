"""Says what is wrong, once."""

import logging
from threading import Lock

LOG = logging.getLogger("local.event_source_mapping")


class Announcer:
    """Says what is wrong once, and once more when it is over."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._lock = Lock()

    def __call__(self, what: str, reason: str | None) -> None:
        """Take note of a state.

        Args:
            what: Names it.
            reason: What is wrong; None when nothing is.
        """
        with self._lock:
            before = self._said.get(what)
            if reason is None:
                self._said.pop(what, None)
            else:
                self._said[what] = reason
        if reason is not None and before is None:
            LOG.warning("%s: %s (trying again, without saying so each time)", what, reason)
        if reason is None and before is not None:
            LOG.info("%s: works again", what)

    def forget(self, prefix: str) -> None:
        """Drop what was said under names that begin with `prefix`: its subject is gone."""
        with self._lock:
            self._said = {what: reason for what, reason in self._said.items() if not what.startswith(prefix)}

    def problems(self, prefix: str = "") -> list[str]:
        """What is wrong now, of those whose name begins with `prefix`."""
        with self._lock:
            return [f"{what}: {reason}" for what, reason in self._said.items() if what.startswith(prefix)]
