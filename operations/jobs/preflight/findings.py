"""The result of a check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

OK: Final = "ok"
NOTE: Final = "note"
STOP: Final = "STOP"
UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of the preflight.

    Attributes:
        check: What was checked.
        result: `OK`; `NOTE`, which stops nothing; `STOP`, which would; or `UNKNOWN`, when it could not be asked.
        detail: What was found, and for a stop what to do.
    """

    check: str
    result: str
    detail: str

    @property
    def is_good(self) -> bool:
        """Whether a deployment can start. Something that could not be asked is not good."""
        return self.result in (OK, NOTE)


@dataclass(frozen=True, slots=True)
class PlannedDeployment:
    """The deployment that is checked.

    Attributes:
        stage: Value of the parameter `Stage`.
        stack: Name of the stack.
        reserved: Concurrent executions that its parameters reserve.
        sets_gateway_account: Whether it sets API Gateway's role for logs.
        pipeline: Whether the pipeline deploys it.
        source: The pipeline's source, `connection` or `token`.
    """

    stage: str
    stack: str
    reserved: int = 0
    sets_gateway_account: bool = False
    pipeline: bool = False
    source: str = "connection"


def asked(check: str, ask: Callable[[], Iterator[Checked]]) -> Iterator[Checked]:
    """Yield the findings of a check, or one that says why it could not be asked."""
    try:
        yield from ask()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        yield Checked(
            check, UNKNOWN, f"AWS refused to say ({code}): use credentials that may call {error.operation_name}"
        )
    except BotoCoreError as error:
        yield Checked(check, UNKNOWN, f"AWS did not answer: {error}")
