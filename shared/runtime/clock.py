"""Time as the system writes it: RFC 3339, UTC, always with six decimals, so that text order is time order."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current instant."""
    return datetime.now(UTC)


def timestamp(instant: datetime) -> str:
    """Write an instant as text.

    Args:
        instant: Any aware time.

    Returns:
        For instance `2026-05-17T09:30:00.000000Z`, always 27 characters.
    """
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
