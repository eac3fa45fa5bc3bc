"""The two kinds of failure, as classes of our own. `shared.runtime.failures` decides about all others."""


class TransientFailure(Exception):
    """The work was not done, and may be done later. The base class of our own errors of this kind."""


class PermanentFailure(Exception):
    """The work cannot be done, however often it is tried. The state machine of a rebuild ends at this name."""
