"""The token guide uses the names, callbacks and scopes of the user pool in the template."""

import re
from typing import Any

import botocore.session
from botocore import xform_name

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

    _, _, outside_production = people["CallbackURLs"]["If"]
    *fixed, documentation = outside_production
    for callback in fixed:
        assert callback in tokens
    assert all(address["Sub"].endswith("/${Stage}/docs") for address in documentation["If"][1:])
    assert f"`{' '.join(people['AllowedOAuthScopes'])}`" in tokens
    assert f"'scope={' '.join(RESOURCES['MachineClient']['Properties']['AllowedOAuthScopes'])}'" in tokens
    assert RESOURCES["CustomerWriters"]["Properties"]["GroupName"] in tokens
    policy = RESOURCES["UserPool"]["Properties"]["Policies"]["PasswordPolicy"]
    assert f"{policy['MinimumLength']} characters or more" in tokens


def test_the_commands_for_users_and_secrets_exist() -> None:
    operations = {
        xform_name(name, "-")
        for name in botocore.session.get_session().get_service_model("cognito-idp").operation_names
    }

    named = set(re.findall(r"aws cognito-idp ([a-z-]+)", TOKENS.text))
    assert len(named) >= 7
    assert named <= operations
