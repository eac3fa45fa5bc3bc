"""The token guide uses the names, callbacks and scopes of the user pool in the template."""

from typing import Any

from local.template import load_template
from tests.unit.docs.pages import TOKENS

RESOURCES = load_template()["Resources"]


def in_stage(value: Any, stage: str) -> str:
    return str(value["Sub"]).replace("${Stage}", stage)


def test_what_people_look_for_in_cognito_has_its_name() -> None:
    tokens = TOKENS.text
    domain = str(RESOURCES["UserPoolDomain"]["Properties"]["Domain"]["Sub"])

    for stage in ("staging", "production"):
        assert f"`{in_stage(RESOURCES['UserPool']['Properties']['UserPoolName'], stage)}`" in tokens
    assert f"`{in_stage(RESOURCES['UserPoolClient']['Properties']['ClientName'], 'staging')}`" in tokens
    assert f"`{domain.replace('${Stage}', '{env}').replace('${AWS::AccountId}', '{accountId}')}`" in tokens


def test_tokens_are_asked_for_as_the_clients_allow() -> None:
    tokens, people = TOKENS.text, RESOURCES["UserPoolClient"]["Properties"]

    *fixed, documentation = people["CallbackURLs"]
    for callback in fixed:
        assert callback in tokens
    assert all("/docs/oauth2-redirect.html" in address["Sub"] for address in documentation["If"][1:])
    assert f"`{' '.join(people['AllowedOAuthScopes'])}`" in tokens
    assert f"'scope={' '.join(RESOURCES['MachineClient']['Properties']['AllowedOAuthScopes'])}'" in tokens
    policy = RESOURCES["UserPool"]["Properties"]["Policies"]["PasswordPolicy"]
    assert f"{policy['MinimumLength']} characters or more" in tokens
