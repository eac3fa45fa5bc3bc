"""Clients of moto's AWS, created once for all tests, because creating one takes longer than a test."""

from functools import cache
from typing import Any

import boto3
import moto  # noqa: F401 - patches the clients that are created after it was imported

REGION = "eu-west-1"


@cache
def moto_client(service: str) -> Any:
    """Return a client that reaches moto only, while `mock_aws` is on."""
    return boto3.client(  # type: ignore[call-overload]  # any service
        service,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        endpoint_url=None,
    )
