"""The errors that a command reports in one sentence instead of a traceback."""

from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    EndpointConnectionError,
    ProfileNotFound,
)

from events.store import StoreBusy
from local.errors import StackError
from projections.generations import GenerationsChanged, WrongStep
from projections.maintenance.rebuild import RebuildFailed
from projections.read_model import ReadModelBusy


class CommandError(Exception):
    """The command cannot be carried out. The text is the one sentence that the operator reads."""


REPORTED: Final = (
    CommandError, StackError, WrongStep, GenerationsChanged, RebuildFailed,
    ReadModelBusy, StoreBusy, BotoCoreError, ClientError,
)  # fmt: skip

_LOCAL: Final = "//127.0.0.1:"


def sentence_of(error: Exception) -> str:
    """Return the sentence that the operator reads.

    Args:
        error: One of `REPORTED`.
    """
    match error:
        case GenerationsChanged():
            return "Another command changed the generations at the same time: check the status, then decide again."
        case RebuildFailed() | ReadModelBusy() | StoreBusy():
            return f"The tables are too busy ({error}): run the same command again, it continues where it stopped."
        case ProfileNotFound() | ConfigParseError() | ConfigNotFound():
            return f"The AWS settings of this shell cannot be used: {error}. Correct AWS_PROFILE or that file."
        case EndpointConnectionError() if _LOCAL in str(error):
            return "The local stack does not answer. Start it with make up."
        case BotoCoreError() | ClientError():
            return f"AWS refused the request or did not answer ({error})."
        case _:
            return str(error)
