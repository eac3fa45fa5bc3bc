import pytest
from botocore.exceptions import EndpointConnectionError

from local import tokens
from local.errors import StackError
from local.tokens import access_token, check_scope

NOBODY_THERE = {
    "EndpointUrl": "http://127.0.0.1:9",
    "TokenEndpoint": "http://127.0.0.1:9/oauth2/token",
    "UserPoolId": "eu-west-1_X",
    "MachineClientId": "client",
}


def test_no_scope_means_all_of_them() -> None:
    assert check_scope("") == "customers/read customers/write"


def test_a_scope_narrows_the_token() -> None:
    assert check_scope("customers/read") == "customers/read"


@pytest.mark.parametrize("scope", ["customers", "customers/delete", "customers/read openid", "customers/*"])
def test_another_scope_is_refused_with_the_allowed_ones(scope: str) -> None:
    with pytest.raises(StackError, match="customers/read or customers/write"):
        check_scope(scope)


class NobodyAnswers:
    def __init__(self, endpoint: str) -> None:
        raise EndpointConnectionError(endpoint_url=endpoint)


def test_a_stack_that_is_down_gives_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LocalAws", NobodyAnswers)
    with pytest.raises(StackError, match="is not running: start it with make up"):
        access_token(NOBODY_THERE)
