"""The current problems of the mappings. Each one is logged once, not at every retry."""

import logging
from threading import Lock
from typing import Final

LOG: Final = logging.getLogger("local.event_source_mapping")


class ProblemLog:
    """Logs a problem when it appears and again when it is over."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._lock = Lock()

    def report(self, subject: str, reason: str | None) -> None:
        """Record the state of a subject, such as a stream.

        Args:
            subject: The name in the log.
            reason: The problem; None if there is none.
        """
        with self._lock:
            before = self._reasons.get(subject)
            if reason is None:
                self._reasons.pop(subject, None)
            else:
                self._reasons[subject] = reason
        if reason is not None and before is None:
            LOG.warning("%s: %s (retrying; further failures are not logged)", subject, reason)
        if reason is None and before is not None:
            LOG.info("%s: works again", subject)

    def forget(self, prefix: str) -> None:
        """Drop the problems of subjects that start with `prefix`, because those subjects no longer exist."""
        with self._lock:
            self._reasons = {name: reason for name, reason in self._reasons.items() if not name.startswith(prefix)}

    def current(self, prefix: str = "") -> list[str]:
        """The current problems of subjects that start with `prefix`."""
        with self._lock:
            return [f"{name}: {reason}" for name, reason in self._reasons.items() if name.startswith(prefix)]
