"""The errors that the local stack shows to its user."""


class SetupError(Exception):
    """The machine lacks something that only its user can add. The message says what, and how to add it."""


class StackError(Exception):
    """A command cannot go on. The message is one sentence that names the problem and the fix.

    Attributes:
        details: More lines to show below the sentence, such as the end of a log.
    """

    def __init__(self, sentence: str, *, details: str = "") -> None:
        super().__init__(sentence)
        self.details = details
