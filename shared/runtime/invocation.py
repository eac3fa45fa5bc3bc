"""Traces a handler that no HTTP response protects, and lets no text of an exception leave it.

Lambda's runtime writes the text of an exception that leaves a handler to the function's log and to X-Ray.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

from shared.runtime.errors import PermanentFailure, TransientFailure
from shared.runtime.failures import is_transient
from shared.runtime.observability import describe, logger, tracer

Answer = TypeVar("Answer")
LambdaHandler = Callable[[dict[str, Any], Any], Answer]

_SEE_LOG: Final = "The log line 'failed' of this request says where."


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


def traced_step(*refusals: type[Exception]) -> Callable[[LambdaHandler[Answer]], LambdaHandler[Answer]]:
    """Decorate a Lambda handler that a state machine invokes. See also `traced`.

    A state machine knows an error by the exact name of its type, and a service's errors have dozens of names. So the
    state machine retries every error but `PermanentFailure`, which replaces all that no retry can cure.

    Args:
        refusals: Permanent failures with texts that we wrote for operators, without personal data.
    """

    def decorate(handler: LambdaHandler[Answer]) -> LambdaHandler[Answer]:
        @wraps(handler)
        def handle(event: dict[str, Any], context: Any) -> Answer:
            try:
                return handler(event, context)
            except refusals as refusal:
                raise PermanentFailure(f"{type(refusal).__name__}: {refusal}") from None
            except Exception as error:
                if is_transient(error):
                    raise
                logger.error("failed", extra=describe(error))
                raise PermanentFailure(f"{type(error).__name__}: {_SEE_LOG}") from None

        return traced(PermanentFailure, TransientFailure)(handle)

    return decorate


def _without_text(error: Exception) -> Exception:
    same_name: type[Exception] = type(type(error).__name__, (Exception,), {})
    return same_name(_SEE_LOG)
