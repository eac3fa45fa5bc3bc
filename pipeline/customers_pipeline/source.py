"""Where the pipeline takes commits from: GitHub, with a personal access token or with a connection."""

import aws_cdk as cdk
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .nag import acknowledge
from .permissions import Permission
from .settings import OWNER_PARAMETER, TOKEN_FIELD, TOKEN_SECRET, Settings

ACTION_NAME = "GitHub"


def source_action(scope: Construct, settings: Settings, output: codepipeline.Artifact) -> actions.Action:
    """The action that fetches a commit.

    Args:
        scope: Where the parameter with the owner's name is read.
        settings: Which repository, and how it is reached.
        output: The commit's files.
    """
    owner = ssm.StringParameter.value_for_string_parameter(scope, OWNER_PARAMETER)
    if settings.connection_arn:
        return actions.CodeStarConnectionsSourceAction(
            action_name=ACTION_NAME,
            owner=owner,
            repo=settings.repository,
            branch=settings.branch,
            connection_arn=settings.connection_arn,
            output=output,
        )
    return actions.GitHubSourceAction(
        action_name=ACTION_NAME,
        owner=owner,
        repo=settings.repository,
        branch=settings.branch,
        oauth_token=cdk.SecretValue.secrets_manager(TOKEN_SECRET, json_field=TOKEN_FIELD),
        # CDK would give GitHub the token itself as the webhook's secret.
        trigger=actions.GitHubTrigger.NONE,
        output=output,
    )


def source_permissions(settings: Settings) -> list[Permission]:
    """What the pipeline's role needs for it: nothing with a token, as CloudFormation puts that into the action."""
    if not settings.connection_arn:
        return []
    # The service was renamed, and which of the two names it checks depends on the connection's age.
    names = ("codeconnections:UseConnection", "codestar-connections:UseConnection")
    return [Permission("UseConnection", names, (settings.connection_arn,))]


def start_on_push(scope: Construct, pipeline: codepipeline.Pipeline) -> None:
    """Have GitHub tell of every push to the branch, signed with a secret that has no other use."""
    secret = secretsmanager.Secret(
        scope,
        "WebhookSecret",
        description="Signs what GitHub tells the pipeline CustomersApi.",
        generate_secret_string=secretsmanager.SecretStringGenerator(password_length=40, exclude_punctuation=True),
    )
    acknowledge(
        secret,
        {
            "AwsSolutions-SMG4": "GitHub has a copy, so it changes with the webhook: docs/how-to/run-the-pipeline.md says how."
        },
    )
    codepipeline.CfnWebhook(
        scope,
        "Webhook",
        target_pipeline=pipeline.pipeline_name,
        target_pipeline_version=1,
        target_action=ACTION_NAME,
        authentication="GITHUB_HMAC",
        authentication_configuration=codepipeline.CfnWebhook.WebhookAuthConfigurationProperty(
            secret_token=secret.secret_value.unsafe_unwrap()
        ),
        # CodePipeline puts the action's own setting into the braces.
        filters=[
            codepipeline.CfnWebhook.WebhookFilterRuleProperty(json_path="$.ref", match_equals="refs/heads/{Branch}")
        ],
        register_with_third_party=True,
    )
