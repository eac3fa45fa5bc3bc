"""Who may get a token, as far as only AWS enforces it: the local AWS takes any confirmation code."""

from typing import TYPE_CHECKING, Any

import pytest

from commands.http import WRITERS
from local import demo_user
from tests.e2e import hosted_page, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

Template = dict[str, Any]
DOCUMENTATION = "/docs"
# Logical id of each client -> the scopes of this API that it may ask for.
CLIENTS = {
    "UserPoolClient": ["customers/read", "customers/write"],
    "MachineClient": ["customers/read", "customers/write"],
    "ReadingMachineClient": ["customers/read"],
}


@pytest.fixture
def pool(template: Template) -> Template:
    properties: Template = template["Resources"]["UserPool"]["Properties"]
    return properties


@pytest.fixture
def people(template: Template) -> Template:
    properties: Template = template["Resources"]["UserPoolClient"]["Properties"]
    return properties


def evaluated(template: Template, value: Any, **parameters: str) -> Any:
    """A value of the template for some parameters. It knows the functions that these conditions use."""
    defaults = {name: each.get("Default") for name, each in template["Parameters"].items()}
    return _Evaluation(template["Conditions"], defaults | parameters).of(value)


class _Evaluation:
    def __init__(self, conditions: Template, parameters: Template) -> None:
        self._conditions, self._parameters = conditions, parameters
        self._functions: dict[str, Callable[[Any], Any]] = {
            "If": self._if,
            "Or": lambda operands: any(map(self.of, operands)),
            "Not": lambda operands: not self.of(operands[0]),
            "Equals": lambda operands: self.of(operands[0]) == self.of(operands[1]),
            "Ref": lambda name: self._parameters.get(name, {"Ref": name}),
        }

    def of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.of(each) for each in value]
        if not isinstance(value, dict):
            return value
        name = next(iter(value))
        if name in self._functions:
            return self._functions[name](value[name])
        return {key: self.of(each) for key, each in value.items()}

    def _if(self, operands: list[Any]) -> Any:
        condition, then, otherwise = operands
        return self.of(then if self.of(self._conditions[condition]) else otherwise)


def test_cognito_sends_no_code_with_which_people_could_confirm_themselves(pool: Template) -> None:
    """Cognito docs, "Configuring email or phone verification": without these attributes an administrator confirms."""
    assert not {"AutoVerifiedAttributes", "LambdaConfig", "VerificationMessageTemplate"} & set(pool)
    assert pool["AccountRecoverySetting"] == {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}


@pytest.mark.parametrize(
    ("stage", "self_sign_up", "only_administrators"),
    [
        ("local", "false", False),
        ("staging", "false", False),
        ("staging", "true", False),
        ("production", "false", True),
        ("production", "true", False),
    ],
)
def test_in_production_only_administrators_create_users_unless_the_stack_allows_more(
    template: Template, pool: Template, stage: str, self_sign_up: str, only_administrators: bool
) -> None:
    setting = evaluated(template, pool["AdminCreateUserConfig"], Stage=stage, SelfSignUp=self_sign_up)

    assert setting == {"AllowAdminCreateUserOnly": only_administrators}
    assert template["Parameters"]["SelfSignUp"]["Default"] == "false"


def test_no_other_directory_lets_people_in(template: Template) -> None:
    kinds = {each["Type"] for each in template["Resources"].values()}

    assert {kind for kind in kinds if kind.startswith("AWS::Cognito::")} == {
        "AWS::Cognito::UserPool",
        "AWS::Cognito::UserPoolClient",
        "AWS::Cognito::UserPoolDomain",
        "AWS::Cognito::UserPoolGroup",
        "AWS::Cognito::UserPoolResourceServer",
    }
    assert template["Resources"]["UserPoolClient"]["Properties"]["SupportedIdentityProviders"] == ["COGNITO"]


def test_user_names_ignore_case(pool: Template) -> None:
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}


@pytest.mark.parametrize("mfa", ["OFF", "OPTIONAL", "ON"])
def test_a_parameter_asks_for_a_second_factor(template: Template, pool: Template, mfa: str) -> None:
    assert evaluated(template, pool["MfaConfiguration"], Mfa=mfa) == mfa
    factors = evaluated(template, pool["EnabledMfas"], Mfa=mfa)
    assert factors == ({"Ref": "AWS::NoValue"} if mfa == "OFF" else ["SOFTWARE_TOKEN_MFA"])


def test_the_group_of_people_who_write_has_one_name_everywhere(template: Template) -> None:
    groups = [each for each in template["Resources"].values() if each["Type"] == "AWS::Cognito::UserPoolGroup"]

    assert [group["Properties"]["GroupName"] for group in groups] == [WRITERS]
    assert {demo_user.WRITERS, tokens.WRITERS} == {WRITERS}
    assert "RoleArn" not in groups[0]["Properties"]


def test_production_sends_codes_only_to_its_own_documentation(template: Template, people: Template) -> None:
    production = evaluated(template, people["CallbackURLs"], Stage="production")
    staging = evaluated(template, people["CallbackURLs"], Stage="staging")

    [only] = production
    assert only["Sub"].startswith("https://")
    assert only["Sub"].endswith(DOCUMENTATION)
    assert [each for each in staging if isinstance(each, str)] == [
        "https://oauth.pstmn.io/v1/callback",
        hosted_page.CALLBACK,
    ]
    assert evaluated(template, people["LogoutURLs"], Stage="production") == production


@pytest.mark.parametrize(("stage", "password"), [("local", True), ("staging", True), ("production", False)])
def test_people_send_their_password_to_the_client_only_outside_production(
    template: Template, people: Template, stage: str, password: bool
) -> None:
    flows = evaluated(template, people["ExplicitAuthFlows"], Stage=stage)

    assert set(flows) - {"ALLOW_USER_PASSWORD_AUTH"} == {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert ("ALLOW_USER_PASSWORD_AUTH" in flows) == password


def test_each_client_has_one_flow_and_no_more_scopes_than_it_needs(template: Template) -> None:
    clients = {
        name: each["Properties"]
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Cognito::UserPoolClient"
    }

    own = {name: [scope for scope in each["AllowedOAuthScopes"] if "/" in scope] for name, each in clients.items()}
    assert own == CLIENTS
    assert clients["UserPoolClient"]["AllowedOAuthFlows"] == ["code"]
    for name in ("MachineClient", "ReadingMachineClient"):
        assert clients[name]["AllowedOAuthFlows"] == ["client_credentials"], name
        assert clients[name]["GenerateSecret"] is True, name
        assert not {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"} & set(clients[name]["ExplicitAuthFlows"]), name
