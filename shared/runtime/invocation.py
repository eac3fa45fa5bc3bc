"""Traces a handler that no HTTP response protects, and lets no text of an exception leave it.

Lambda's runtime writes the text of an exception that leaves a handler to the function's log and to X-Ray.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from shared.runtime.observability import describe, logger, tracer

Answer = TypeVar("Answer")
LambdaHandler = Callable[[dict[str, Any], Any], Answer]


def traced(*speaking: type[Exception]) -> Callable[[LambdaHandler[Answer]], LambdaHandler[Answer]]:
    """Decorate a Lambda handler.

    An exception keeps the name of its type, by which a state machine decides about a retry, and loses its text.

    Args:
        speaking: Exceptions with texts that we wrote for operators, without personal data. They keep their text.
    """

    def decorate(handler: LambdaHandler[Answer]) -> LambdaHandler[Answer]:
        @wraps(handler)
        @tracer.capture_lambda_handler(capture_response=False, capture_error=False)
        def handle(event: dict[str, Any], context: Any) -> Answer:
            try:
                return handler(event, context)
            except speaking:
                raise
            except Exception as error:  # noqa: BLE001 - the last place where its text can be kept inside
                logger.error("failed", extra=describe(error))
                raise _without_text(error) from None

        return handle

    return decorate


def _without_text(error: Exception) -> Exception:
    same_name: type[Exception] = type(type(error).__name__, (Exception,), {})
    return same_name("The log line 'failed' of this request says where.")
