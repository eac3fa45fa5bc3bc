"""Connects the commands that work on an AWS account, not on a stack, which may not exist yet."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from operations.errors import CommandError


@dataclass(frozen=True, slots=True)
class AwsAccount:
    """An account and a region, with the credentials in the environment.

    Attributes:
        region: The region.
        client: Returns the client of a service.
        offers: Whether the region offers a service, as far as boto3's list of endpoints knows.
    """

    region: str
    client: Callable[[str], Any]
    offers: Callable[[str], bool]


def connect_account() -> AwsAccount:
    """Connect with the credentials and the region in the environment.

    Raises:
        CommandError: There is no region.
    """
    session = boto3.Session()
    region = session.region_name
    if not region:
        raise CommandError(
            "There is no region: set AWS_REGION, for example to eu-west-1, or choose a profile with one."
        )
    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
    client = cache(lambda service: session.client(service, config=config))
    return AwsAccount(region, client, lambda service: region in session.get_available_regions(service))
