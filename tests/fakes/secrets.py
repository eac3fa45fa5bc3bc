"""Secrets Manager with one secret, whose versions rotate as AWS's do."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError


class _ResourceNotFound(ClientError):
    pass


class FakeSecrets:
    """The secret and its client.

    Attributes:
        asked: The version stages that were asked for.
        failing: Whether every call fails.
        after_current: Runs once after the next answer with the current version.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.asked: list[str] = []
        self.failing = False
        self.after_current: Callable[[], None] = _nothing
        self._now = now
        self._made = 0
        self._stages: dict[str, dict[str, Any]] = {}

    @property
    def client(self) -> Any:
        """The boto3 client."""
        return SimpleNamespace(
            get_secret_value=self._get, exceptions=SimpleNamespace(ResourceNotFoundException=_ResourceNotFound)
        )

    def rotate(self) -> None:
        """Put a new value. The current version becomes the previous one."""
        self._made += 1
        if "AWSCURRENT" in self._stages:
            self._stages["AWSPREVIOUS"] = self._stages["AWSCURRENT"]
        created = datetime.fromtimestamp(self._now(), UTC)
        self._stages["AWSCURRENT"] = {"SecretString": f"key {self._made}", "CreatedDate": created}

    def _get(self, *, SecretId: str, VersionStage: str = "AWSCURRENT") -> dict[str, Any]:  # noqa: N803 - boto3's
        self.asked.append(VersionStage)
        if self.failing:
            raise ClientError({"Error": {"Code": "InternalServiceError", "Message": ""}}, "GetSecretValue")
        if VersionStage not in self._stages:
            raise _ResourceNotFound({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "GetSecretValue")
        answer = self._stages[VersionStage]
        if VersionStage == "AWSCURRENT":
            after, self.after_current = self.after_current, _nothing
            after()
        return answer


def _nothing() -> None: ...
