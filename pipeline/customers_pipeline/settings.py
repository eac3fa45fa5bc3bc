"""Options of the pipeline, passed as CDK context: `cdk deploy -c branch=develop`, or under `context` in cdk.json."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from constructs import Node

from .application import Application
from .stages import OWN_PARAMETERS, PRODUCTION, STAGING, Place, Stage

PIPELINE_NAME = "CustomersApi"
STACK_NAME = "CustomersApiPipeline"
# The specification fixes these names. Both are created by hand, before the pipeline.
OWNER_PARAMETER = "github_username"
TOKEN_SECRET = "github_token"  # noqa: S105 - the secret's name
TOKEN_FIELD = "github_token"  # noqa: S105 - the name of its field
SOURCES = ("connection", "token")
OPTIONS = (
    "repository", "branch", "source", "connection_arn", "pipeline_account", "staging_account", "production_account",
    "staging_key_arn", "production_key_arn", "staging_parameters", "production_parameters",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """The context options.

    Attributes:
        repository: Name on GitHub, without its owner.
        branch: Branch to deploy.
        source: `connection` for CodeConnections, `token` for a personal access token of GitHub.
        connection_arn: An existing connection; empty to create one.
        staging: The stage, with its account and parameters.
        production: The stage, with its account and parameters.
    """

    repository: str = "backend-buy-now-pay-later-test"
    branch: str = "main"
    source: str = "connection"
    connection_arn: str = ""
    staging: Stage = STAGING
    production: Stage = PRODUCTION

    @classmethod
    def of(cls, node: Node, application: Application) -> "Settings":
        """Read the options from the app's context.

        Args:
            node: The app's node.
            application: Its parameters are those that a stage can set.

        Raises:
            ValueError: An option is invalid. The message names the option and the fix.
        """
        given = {name: node.try_get_context(name) for name in OPTIONS}
        texts = {name: str(value) for name, value in given.items() if value is not None}
        own = {name: texts[name] for name in ("repository", "branch", "source", "connection_arn") if name in texts}
        chosen = cls(
            **own, staging=_stage(STAGING, texts, application), production=_stage(PRODUCTION, texts, application)
        )
        _check_source(chosen)
        return chosen

    @property
    def uses_token(self) -> bool:
        """Whether the source is GitHub with a token and a webhook."""
        return self.source == "token"


def _check_source(chosen: Settings) -> None:
    if "/" in chosen.repository or not chosen.repository:
        raise ValueError(
            f"repository is {chosen.repository!r}: use the name of the repository without its owner, who comes "
            f"from the SSM parameter {OWNER_PARAMETER}."
        )
    if not chosen.branch:
        raise ValueError("branch is empty: set the branch to deploy, for example -c branch=main.")
    if chosen.source not in SOURCES:
        raise ValueError(f"source is {chosen.source!r}: use one of {', '.join(SOURCES)}.")
    if chosen.connection_arn and ":connection/" not in chosen.connection_arn:
        raise ValueError(
            f"connection_arn is {chosen.connection_arn!r}: use the complete ARN of a connection, "
            "arn:aws:codeconnections:<region>:<account>:connection/<id>."
        )
    if chosen.connection_arn and chosen.uses_token:
        raise ValueError("connection_arn and source=token are both set: leave one of them out.")


def _stage(stage: Stage, options: Mapping[str, str], application: Application) -> Stage:
    return replace(
        stage,
        place=_place(stage, options),
        chosen=_parameters(f"{stage.parameter}_parameters", options, application),
    )


def _place(stage: Stage, options: Mapping[str, str]) -> Place:
    option = f"{stage.parameter}_account"
    account, home = options.get(option, ""), options.get("pipeline_account", "")
    for name, value in ((option, account), ("pipeline_account", home)):
        if value and not re.fullmatch(r"\d{12}", value):
            raise ValueError(f"{name} is {value!r}: use the twelve digits of an account's id.")
    if account and not home:
        raise ValueError(f"{option} is set, so set pipeline_account as well, to the account that the pipeline runs in.")
    if account == home:
        return Place()
    key_option = f"{stage.parameter}_key_arn"
    key = options.get(key_option, "")
    if account and key and f":{account}:key/" not in key:
        raise ValueError(
            f"{key_option} is {key!r}: use the output DataKeyArn of the stack {stage.access_stack} in {account}."
        )
    return Place(account, home, key) if account else Place()


def _parameters(option: str, options: Mapping[str, str], application: Application) -> Mapping[str, str]:
    """Parse `Name=value Name=value`, as `sam deploy --parameter-overrides` has them."""
    pairs = [pair.partition("=") for pair in options.get(option, "").split()]
    for name, separator, value in pairs:
        if not separator or name not in application.parameters:
            raise ValueError(f"{option} has {name!r}: use Name=value with a parameter of template.yml.")
        if name in OWN_PARAMETERS:
            raise ValueError(f"{option} has {name!r}, which the pipeline sets itself: leave it out.")
        allowed = [str(each) for each in application.parameters[name].get("AllowedValues", [value])]
        if value not in allowed:
            raise ValueError(f"{option} sets {name} to {value!r}: use one of {', '.join(allowed)}.")
    return {name: value for name, _, value in pairs}
