"""Finds the API under test: from environment variables, or from an outputs file of the local stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
import httpx

from local.aws import LocalAws
from tests.e2e.firewall import hooks

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

_REQUIRED: Final = (
    "API_ENDPOINT",
    "TOKEN_ENDPOINT",
    "AUTHORIZE_ENDPOINT",
    "JWKS_URI",
    "ISSUER",
    "REGION",
    "USER_POOL_ID",
    "USER_POOL_CLIENT_ID",
    "MACHINE_CLIENT_ID",
    "READING_MACHINE_CLIENT_ID",
)


class IncompleteTarget(Exception):
    """API_ENDPOINT is set, but another variable that describes the stack is missing."""


@dataclass(frozen=True, slots=True)
class Target:
    """A deployed stack as its callers know it.

    Attributes:
        api: The base address, without a trailing slash.
        token_endpoint: Issues tokens.
        authorize_endpoint: Shows the hosted sign-in page.
        jwks_uri: The keys that tokens are signed with.
        issuer: The required `iss` of a token.
        region: The stack's region.
        user_pool_id: The user pool.
        people_client_id: The public client, for people.
        machine_client_id: The confidential client, for services that read and write.
        machine_client_secret: Its secret; empty if Cognito must be asked for it.
        reading_machine_client_id: The confidential client, for services that only read.
        endpoint_url: The local AWS; empty for the real one.
        from_outputs: Whether the stack comes from an outputs file, so that the local AWS's fixed keys apply.
    """

    api: str
    token_endpoint: str
    authorize_endpoint: str
    jwks_uri: str
    issuer: str
    region: str
    user_pool_id: str
    people_client_id: str
    machine_client_id: str
    machine_client_secret: str
    reading_machine_client_id: str
    endpoint_url: str
    from_outputs: bool = False

    @property
    def is_local(self) -> bool:
        """Whether the stack runs on the local AWS, whose hosted page is plain HTML."""
        return bool(self.endpoint_url)

    @property
    def parallel(self) -> int:
        """How many requests to send at a time. For each, the local AWS starts a process: half a second of CPU."""
        return 12 if self.is_local else parallel_requests(_unreserved(self.region))

    def http(self, token: str = "") -> httpx.Client:
        """A client of the API. Without a token it sends no Authorization header."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Ignore proxy variables: all requests stay on this machine.
        return httpx.Client(
            base_url=self.api, headers=headers, timeout=30, trust_env=not self.is_local, event_hooks=hooks(self.api)
        )

    def cognito(self) -> "CognitoIdentityProviderClient":
        """Cognito's API, with the caller's credentials on AWS and fixed ones on the local stack."""
        if self.from_outputs:
            return LocalAws(self.endpoint_url).cognito
        return boto3.client("cognito-idp", region_name=self.region, endpoint_url=self.endpoint_url or None)


def parallel_requests(unreserved: int) -> int:
    """Return how many requests to send at a time: half of what the account's functions may do at once, 2 to 50.

    Args:
        unreserved: Unreserved concurrent executions of the account. New accounts have as few as 10.
    """
    return max(2, min(50, unreserved // 2))


@cache
def _unreserved(region: str) -> int:
    settings = boto3.client("lambda", region_name=region).get_account_settings()
    return settings["AccountLimit"]["UnreservedConcurrentExecutions"]


def from_environment(variables: Mapping[str, str]) -> Target:
    """The stack that environment variables describe.

    Args:
        variables: As in `os.environ`.

    Raises:
        IncompleteTarget: Names every variable that is missing.
    """
    if missing := [name for name in _REQUIRED if not variables.get(name)]:
        raise IncompleteTarget(f"API_ENDPOINT is set, so set these as well: {', '.join(missing)}.")
    return Target(
        api=variables["API_ENDPOINT"].rstrip("/"),
        token_endpoint=variables["TOKEN_ENDPOINT"],
        authorize_endpoint=variables["AUTHORIZE_ENDPOINT"],
        jwks_uri=variables["JWKS_URI"],
        issuer=variables["ISSUER"],
        region=variables["REGION"],
        user_pool_id=variables["USER_POOL_ID"],
        people_client_id=variables["USER_POOL_CLIENT_ID"],
        machine_client_id=variables["MACHINE_CLIENT_ID"],
        machine_client_secret=variables.get("MACHINE_CLIENT_SECRET", ""),
        reading_machine_client_id=variables["READING_MACHINE_CLIENT_ID"],
        endpoint_url=variables.get("ENDPOINT_URL", ""),
    )


def from_outputs(outputs: Mapping[str, str]) -> Target:
    """The stack that an outputs file describes."""
    return Target(
        api=outputs["ApiEndpoint"],
        token_endpoint=outputs["TokenEndpoint"],
        authorize_endpoint=outputs["AuthorizeEndpoint"],
        jwks_uri=outputs["JwksUri"],
        issuer=outputs["Issuer"],
        region=outputs["Region"],
        user_pool_id=outputs["UserPoolId"],
        people_client_id=outputs["UserPoolClientId"],
        machine_client_id=outputs["MachineClientId"],
        machine_client_secret="",
        reading_machine_client_id=outputs["ReadingMachineClientId"],
        endpoint_url=outputs["EndpointUrl"],
        from_outputs=True,
    )
