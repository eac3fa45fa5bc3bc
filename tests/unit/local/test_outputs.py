from pathlib import Path

import pytest

from local import outputs
from local.errors import StackError
from local.home import StackHome

ENDPOINT = "http://127.0.0.1:4566"
FROM_AWS = {
    "ApiEndpoint": "https://abc123.execute-api.eu-west-1.amazonaws.com/local",
    "TokenEndpoint": "https://customer-api-local-1.auth.eu-west-1.amazoncognito.com/oauth2/token",
    "AuthorizeEndpoint": "https://customer-api-local-1.auth.eu-west-1.amazoncognito.com/oauth2/authorize",
    "JwksUri": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_X/.well-known/jwks.json",
    "Issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_X",
    "EventTable": "local-customer-events",
}


def test_only_addresses_are_rewritten() -> None:
    assert outputs.for_this_machine(FROM_AWS, ENDPOINT) == {
        "ApiEndpoint": f"{ENDPOINT}/_aws/execute-api/abc123/local",
        "TokenEndpoint": f"{ENDPOINT}/oauth2/token",
        "AuthorizeEndpoint": f"{ENDPOINT}/oauth2/authorize",
        "JwksUri": f"{ENDPOINT}/eu-west-1_X/.well-known/jwks.json",
        "Issuer": FROM_AWS["Issuer"],
        "EventTable": "local-customer-events",
        "EndpointUrl": ENDPOINT,
    }


def test_written_outputs_are_read_back_and_no_partial_file_remains(tmp_path: Path) -> None:
    home = StackHome(tmp_path / "new", 1)
    local = outputs.for_this_machine(FROM_AWS, ENDPOINT)
    outputs.write(home, local)
    assert outputs.read(home) == local
    assert [path.name for path in home.folder.iterdir()] == ["outputs.json"]


@pytest.mark.parametrize("content", [None, "{half", "[]", '{"ApiEndpoint": "from an older version"}'])
def test_the_error_for_missing_outputs_names_make_up(tmp_path: Path, content: str | None) -> None:
    home = StackHome(tmp_path, 1)
    if content:
        home.outputs_file.write_text(content)
    with pytest.raises(StackError, match="make up"):
        outputs.read(home)
