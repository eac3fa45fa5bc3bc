"""Logger, tracer and metrics, set so that no personal data can reach them by default."""

import traceback

from aws_lambda_powertools import Logger, Metrics, Tracer
from botocore.exceptions import ClientError

logger = Logger()
metrics = Metrics()
tracer = Tracer(patch_modules=("botocore",))


def describe(error: BaseException) -> dict[str, object]:
    """What may be logged of an unexpected error: its type and where it arose.

    The message stays out: libraries quote the offending value in it, which here is often a person's data.

    Args:
        error: The error as caught.

    Returns:
        Fields for the logger's `extra`.
    """
    # Walked rather than extracted: that would read the source files, for lines that are not logged.
    frames = list(traceback.walk_tb(error.__traceback__))
    name = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    return {"error": name, "at": [f"{frame.f_code.co_name}:{line}" for frame, line in frames[-5:]]}
