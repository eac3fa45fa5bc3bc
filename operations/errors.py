"""What an operator is told instead of a traceback."""


class CannotDo(Exception):
    """Something stands in the way; the text is the one sentence to show."""
