"""Turns a use case into a Lambda handler: parses, authorises, returns problems, logs, measures and traces."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from shared.http.consistency import HEADER
from shared.http.failures import problem_of
from shared.http.problems import Problem
from shared.http.request import Request, parse
from shared.http.response import Response, problem_response
from shared.runtime.ids import fingerprint
from shared.runtime.observability import describe, logger, metrics, tracer
from shared.runtime.signing import Keyring
from shared.runtime.tracing import annotate

UseCase = Callable[[Request], Response]
Handler = Callable[[dict[str, Any], Any], dict[str, object]]


def endpoint(*, scope: str | None, group: str = "", keys: Keyring | None = None) -> Callable[[UseCase], Handler]:
    """Decorate a function from request to response as a Lambda handler.

    Args:
        scope: The scope that the token must have. The authorizer checks it too, but the function must not rely on that:
            it could be reached another way. None for public routes, such as the documentation.
        group: A group that a person must be in as well; empty for none. Only this check knows groups.
        keys: Sign the Consistency-Token of a write. Required for use cases that set `read_after`.
    """

    def decorate(use_case: UseCase) -> Handler:
        @wraps(use_case)
        @tracer.capture_lambda_handler(capture_response=False, capture_error=False)
        def handle(event: dict[str, Any], context: Any) -> dict[str, object]:  # noqa: ARG001 - Lambda's signature
            started_at = time.perf_counter()
            response = _answer(use_case, scope, group, keys, event)
            _measure(response, event, time.perf_counter() - started_at)
            return response.to_gateway()

        return handle

    return decorate


def _answer(use_case: UseCase, scope: str | None, group: str, keys: Keyring | None, event: dict[str, Any]) -> Response:
    request_id = (event.get("requestContext") or {}).get("requestId", "")
    correlation_id = request_id
    # Keys outlive an invocation. Reset all, or a request that cannot be parsed is logged under an earlier one's ids.
    logger.append_keys(request_id=request_id, correlation_id=request_id, trace_id="", caller="")
    try:
        request = parse(event)
        correlation_id = request.correlation_id
        logger.append_keys(correlation_id=correlation_id, trace_id=request.trace_id, caller=_caller(request))
        annotate({"correlation_id": correlation_id})
        if scope is not None:
            request.caller.require(scope, group)
        if keys:
            # Before anything is written: a write whose token cannot be signed must not happen.
            keys.signing_key()
        response = use_case(request)
        annotate(response.annotations)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no detail of it may reach the caller
        problem = problem_of(error)
        _log_refusal(problem, error)
        response = problem_response(problem, request_id)
    else:
        logger.info("answered", extra={"status": int(response.status), **response.log})
    if keys and response.read_after:
        response = response.with_header(HEADER, response.read_after.encode(keys))
    return response.with_header("X-Correlation-Id", correlation_id)


def _caller(request: Request) -> str:
    return fingerprint(request.caller.subject) if request.caller.subject else ""


def _measure(response: Response, event: dict[str, Any], seconds: float) -> None:
    if response.not_yet_readable:
        # Not in Answers5xx: the service works, and no new version is rolled back because readers wait.
        metrics.add_metric("NotYetReadable", MetricUnit.Count, 1)
    else:
        metrics.add_metric(f"Answers{int(response.status) // 100}xx", MetricUnit.Count, 1)
    # A request with a token may wait for the projection. That time says nothing about the version that served it.
    if not any(name.lower() == HEADER.lower() for name in event.get("headers") or {}):
        metrics.add_metric("AnswerMilliseconds", MetricUnit.Milliseconds, 1000 * seconds)
    metrics.flush_metrics()


def _log_refusal(problem: Problem, error: Exception) -> None:
    if problem is error:
        logger.info(
            "refused", extra={"problem": problem.slug, "fields": [error.name_to_log for error in problem.errors]}
        )
    else:
        logger.error("failed", extra={"problem": problem.slug, **describe(error)})
