"""Clients and environment variables that reach the local AWS and nothing else."""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

import boto3
import botocore.session
import httpx
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient

REGION: Final = "eu-west-1"
KEY: Final = "test"  # the local AWS treats this access key as its root user
# These would point a child process at real AWS, at the flags of the calling make, or at other packages.
_DROPPED: Final = ("AWS_", "SAM_", "MAKE", "MFLAGS", "PYTHON", "VIRTUAL_ENV", "CONDA_", "LAYER_")
_DIRECT: Final = "127.0.0.1,localhost"  # never through a proxy


def credentials(endpoint: str) -> dict[str, str]:
    """The variables that point an AWS program at the local AWS and away from the user's own profiles and keys."""
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def child_environment(endpoint: str, ambient: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a command that works on the local AWS.

    It is the user's environment without the variables that would send the command elsewhere.
    """
    kept = {name: value for name, value in ambient.items() if not name.startswith(_DROPPED)}
    direct = ",".join(filter(None, (kept.get("NO_PROXY") or kept.get("no_proxy"), _DIRECT)))
    return kept | credentials(endpoint) | {"NO_PROXY": direct, "no_proxy": direct}


def session() -> boto3.Session:
    """A session that reads neither the user's environment nor configuration files."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.Session(KEY, KEY, region_name=REGION, botocore_session=core)


class LocalAws:
    """Clients of the local AWS that read neither the user's environment nor configuration files."""

    def __init__(self, endpoint: str) -> None:
        self._session = session()
        self._endpoint = endpoint
        self._config = Config(proxies={}, connect_timeout=3, read_timeout=30, retries={"total_max_attempts": 2})

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """Reads stacks."""
        return self._session.client("cloudformation", endpoint_url=self._endpoint, config=self._config)

    @cached_property
    def cognito(self) -> "CognitoIdentityProviderClient":
        """Manages users and app clients."""
        return self._session.client("cognito-idp", endpoint_url=self._endpoint, config=self._config)

    @cached_property
    def functions(self) -> "LambdaClient":
        """Manages functions and their event source mappings."""
        return self._session.client("lambda", endpoint_url=self._endpoint, config=self._config)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """Reads the functions' logs."""
        return self._session.client("logs", endpoint_url=self._endpoint, config=self._config)


def http_client(*, timeout: float = 30.0) -> httpx.Client:
    """An HTTP client that ignores proxy variables; `timeout` is in seconds."""
    return httpx.Client(timeout=timeout, trust_env=False)
