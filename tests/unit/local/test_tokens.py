import pytest
from botocore.exceptions import EndpointConnectionError

from local import tokens
from local.errors import StackError
from local.tokens import access_token, check_scope

STOPPED = {
    "EndpointUrl": "http://127.0.0.1:9",
    "TokenEndpoint": "http://127.0.0.1:9/oauth2/token",
    "UserPoolId": "eu-west-1_X",
    "MachineClientId": "client",
}


def test_no_scope_means_all_scopes() -> None:
    assert check_scope("") == "customers/read customers/write"


def test_a_scope_narrows_the_token() -> None:
    assert check_scope("customers/read") == "customers/read"


@pytest.mark.parametrize("scope", ["customers", "customers/delete", "customers/read openid", "customers/*"])
def test_the_error_for_an_unknown_scope_lists_the_known_ones(scope: str) -> None:
    with pytest.raises(StackError, match="customers/read or customers/write"):
        check_scope(scope)


class Unreachable:
    def __init__(self, endpoint: str) -> None:
        raise EndpointConnectionError(endpoint_url=endpoint)


def test_a_stopped_stack_is_reported_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LocalAws", Unreachable)
    with pytest.raises(StackError, match=r"is not running\. Start it with make up"):
        access_token(STOPPED)
