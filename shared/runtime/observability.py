"""Logger, tracer and metrics, configured so that no personal data reaches them by default."""

import os
import traceback
from collections.abc import Mapping
from typing import Final

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from botocore.exceptions import ClientError

import shared.runtime.snapshots
import shared.runtime.traces_without_text  # noqa: F401

logger = Logger()
metrics = Metrics()
# Two stages in one account must not trigger each other's alarms.
_STAGE: Final = os.environ.get("STAGE") or "none"
metrics.set_default_dimensions(stage=_STAGE)
tracer = Tracer(patch_modules=("botocore",))


def measure_by(dimension: str, value: str, counts: Mapping[str, float]) -> None:
    """Write metrics with one more dimension. Alarms on the metrics of the same names without it do not see them."""
    own = EphemeralMetrics()
    own.set_default_dimensions(stage=_STAGE)
    own.add_dimension(dimension, value)
    add = own.add_metric
    for name, count in counts.items():
        add(name, MetricUnit.Count, count)
    own.flush_metrics()


def describe(error: BaseException) -> dict[str, object]:
    """The parts of an unexpected error that may be logged: its type and where it was raised.

    The message is left out: libraries quote the offending value in it, which is often personal data.

    Returns:
        Fields for the logger's `extra`.
    """
    # `walk_tb` and not `extract_tb`, which reads the source files for lines that are not logged.
    frames = list(traceback.walk_tb(error.__traceback__))
    name = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    return {"error": name, "at": [f"{frame.f_code.co_name}:{line}" for frame, line in frames[-5:]]}
