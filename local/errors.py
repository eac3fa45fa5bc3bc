"""The error that the local stack shows to its user."""


class StackError(Exception):
    """A command cannot go on. The message is one sentence that names the problem and the fix.

    Attributes:
        details: More lines to show below the sentence, such as the end of a log.
    """

    def __init__(self, sentence: str, *, details: str = "") -> None:
        super().__init__(sentence)
        self.details = details
