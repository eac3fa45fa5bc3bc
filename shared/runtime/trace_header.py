"""Reads the X-Ray trace header that Lambda sets for each invocation.

https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

import os
from typing import Final

_VARIABLE: Final = "_X_AMZN_TRACE_ID"
_ROOT: Final = "Root"


def current_trace() -> tuple[str, str]:
    """The trace of this invocation.

    Returns:
        The trace id, or an empty string; and the id of the function's segment in it, which is empty if X-Ray does not
        record the trace.
    """
    parts = dict(part.partition("=")[::2] for part in os.environ.get(_VARIABLE, "").split(";"))
    recorded = parts.get("Sampled") == "1"
    return parts.get(_ROOT, ""), parts.get("Parent", "") if recorded else ""
