"""What stops a simulated piece of the system. None of them is an Exception, so that no code under test catches it."""


class Violation(BaseException):
    """An invariant is broken.

    Attributes:
        rule: Its short name.
    """

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule = rule


class NotSimulated(BaseException):
    """The code under test asked for something that the simulated world does not know: teach it, and strictly."""


class Crash(BaseException):
    """A function's process dies here; only its invoker notices."""


class Killed(BaseException):
    """The mapping service was killed while it waited for the function."""
