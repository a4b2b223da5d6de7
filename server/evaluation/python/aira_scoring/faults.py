"""The two ways in which a request can fail: the predictions are at fault, or the task is."""


class InvalidPredictions(Exception):
    """The predictions file breaks the task's contract. The message is shown to its author and never quotes an answer.

    unquoted: the same without a word of the file, for when the file was made from the answers.
    """

    def __init__(self, message: str, unquoted: str = "its form is wrong") -> None:
        super().__init__(message)
        self.unquoted = unquoted


class TaskFault(Exception):
    """The prepared task or its manifest is wrong, so that no predictions could be scored fairly."""
