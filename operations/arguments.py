"""Parses the values of options. Each error says in a plain phrase what the option accepts."""

from argparse import ArgumentTypeError
from datetime import datetime
from math import inf

from events.customer import is_customer_id
from operations.stack import MAX_WORKERS
from shared.runtime.clock import timestamp


def positive_integer(text: str) -> int:
    """Parse a whole number of 1 or more."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return number


def worker_count(text: str) -> int:
    """Parse a number of threads; more than `MAX_WORKERS` count as `MAX_WORKERS`."""
    return min(positive_integer(text), MAX_WORKERS)


def rate(text: str) -> float:
    """Parse a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < inf:
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def instant(text: str) -> str:
    """Parse a time with a zone; return it as RFC 3339 in UTC, 27 characters."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} is not a time with a zone, such as 2026-11-01T00:00:00Z")
    return timestamp(parsed)


def customer_id(text: str) -> str:
    """Parse a customer id."""
    if not is_customer_id(text):
        raise ArgumentTypeError(f"{text!r} is not a customer id (a lower-case UUID)")
    return text
