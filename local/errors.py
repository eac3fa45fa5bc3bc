"""The one error of the local stack."""


class StackError(Exception):
    """Something stands in the way; the text is the sentence that its user reads, with a way out.

    Attributes:
        details: Lines that explain it further, such as the end of a log; shown below the sentence.
    """

    def __init__(self, sentence: str, *, details: str = "") -> None:
        super().__init__(sentence)
        self.details = details
