"""Access tokens of the machine client, by the client-credentials grant."""

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import LocalAws, http_client
from local.errors import StackError
from local.outputs import Outputs, not_running

SCOPES = ("customers/read", "customers/write")


def check_scope(scope: str) -> str:
    """Let only the API's own scopes pass; no scope at all stands for all of them.

    Raises:
        StackError: Names the allowed ones.
    """
    words = scope.split() or list(SCOPES)
    if unknown := [word for word in words if word not in SCOPES]:
        raise StackError(
            f"There is no scope {unknown[0]!r}: SCOPE may be {' or '.join(SCOPES)}, or both when it is left out."
        )
    return " ".join(words)


def access_token(outputs: Outputs, scope: str = "") -> str:
    """Get a fresh access token from the stack's own token endpoint.

    Args:
        outputs: The stack's outputs.
        scope: Scopes with blanks between them; empty means all.

    Raises:
        StackError: A scope that does not exist, or a stack that does not run.
    """
    wanted = check_scope(scope)
    try:
        client_id = outputs["MachineClientId"]
        described = LocalAws(outputs["EndpointUrl"]).cognito.describe_user_pool_client(
            UserPoolId=outputs["UserPoolId"], ClientId=client_id
        )
        secret = described["UserPoolClient"]["ClientSecret"]
        with http_client() as http:
            form = {"grant_type": "client_credentials", "scope": wanted}
            answer = http.post(outputs["TokenEndpoint"], data=form, auth=(client_id, secret)).raise_for_status()
            return str(answer.json()["access_token"])
    except (BotoCoreError, ClientError, httpx.HTTPError, LookupError, ValueError) as error:
        raise not_running() from error
