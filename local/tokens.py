"""Access tokens for the machine client, from the client-credentials grant."""

from typing import Final

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import LocalAws, http_client
from local.errors import StackError
from local.outputs import Outputs, not_running

SCOPES: Final = ("customers/read", "customers/write")


def check_scope(scope: str) -> str:
    """Return the scopes to request: the given ones, or all of them if none is given.

    Raises:
        StackError: A scope does not exist.
    """
    requested = scope.split() or list(SCOPES)
    if unknown := [name for name in requested if name not in SCOPES]:
        raise StackError(
            f"There is no scope {unknown[0]!r}. SCOPE may be {' or '.join(SCOPES)}. Without SCOPE, the token has both."
        )
    return " ".join(requested)


def access_token(outputs: Outputs, scope: str = "") -> str:
    """Get a new access token from the stack's token endpoint.

    Args:
        outputs: The stack's outputs.
        scope: Scopes separated by spaces. Empty means all.

    Raises:
        StackError: A scope does not exist, or the stack is not running.
    """
    requested = check_scope(scope)
    try:
        client_id = outputs["MachineClientId"]
        described = LocalAws(outputs["EndpointUrl"]).cognito.describe_user_pool_client(
            UserPoolId=outputs["UserPoolId"], ClientId=client_id
        )
        secret = described["UserPoolClient"]["ClientSecret"]
        with http_client() as http:
            form = {"grant_type": "client_credentials", "scope": requested}
            response = http.post(outputs["TokenEndpoint"], data=form, auth=(client_id, secret)).raise_for_status()
            return str(response.json()["access_token"])
    except (BotoCoreError, ClientError, httpx.HTTPError, LookupError, ValueError) as error:
        raise not_running() from error
