"""Timestamps in RFC 3339, UTC, always with six decimals, so that their order as strings is their order in time."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current time, timezone-aware."""
    return datetime.now(UTC)


def timestamp(instant: datetime) -> str:
    """Format a time.

    Args:
        instant: Any timezone-aware time.

    Returns:
        For example `2026-05-17T09:30:00.000000Z`, always 27 characters.
    """
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
