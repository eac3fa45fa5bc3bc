"""Signals that stop a part of the simulated system. None is an Exception, so that no code under test catches them."""


class Violation(BaseException):
    """An invariant is broken.

    Attributes:
        rule: Its short name.
    """

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule = rule


class NotSimulated(BaseException):
    """The code under test uses something that the simulated world does not support. Add it, and strictly."""


class Crash(BaseException):
    """A function's process dies here. Only its invoker notices."""


class Killed(BaseException):
    """The mapping service was killed while it waited for the function."""
