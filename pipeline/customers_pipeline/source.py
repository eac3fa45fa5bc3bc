"""The source of commits: GitHub, with a connection or with a personal access token."""

import aws_cdk as cdk
from aws_cdk import aws_codeconnections as codeconnections
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .nag import acknowledge
from .permissions import Permission
from .settings import OWNER_PARAMETER, TOKEN_FIELD, TOKEN_SECRET, Settings

ACTION_NAME = "GitHub"


def connection(scope: Construct, settings: Settings) -> str:
    """Return the ARN of the connection to GitHub, and create one if none is given. Empty if a token is used.

    A new connection waits until a person completes it in the console, because that installs an app on GitHub.
    """
    if settings.uses_token or settings.connection_arn:
        return settings.connection_arn
    created = codeconnections.CfnConnection(
        scope, "Connection", connection_name="customers-api-github", provider_type="GitHub"
    )
    cdk.CfnOutput(scope, "ConnectionArn", description="Complete it once in the console.", value=created.ref)
    return str(created.ref)


def source_action(
    scope: Construct, settings: Settings, connection_arn: str, output: codepipeline.Artifact
) -> actions.Action:
    """Create the action that fetches a commit.

    Args:
        scope: Construct that reads the SSM parameter with the owner's name.
        settings: The repository and its branch.
        connection_arn: The connection to GitHub; empty to use the token.
        output: Artifact for the commit's files.
    """
    owner = ssm.StringParameter.value_for_string_parameter(scope, OWNER_PARAMETER)
    if connection_arn:
        return actions.CodeStarConnectionsSourceAction(
            action_name=ACTION_NAME,
            owner=owner,
            repo=settings.repository,
            branch=settings.branch,
            connection_arn=connection_arn,
            output=output,
        )
    return actions.GitHubSourceAction(
        action_name=ACTION_NAME,
        owner=owner,
        repo=settings.repository,
        branch=settings.branch,
        oauth_token=cdk.SecretValue.secrets_manager(TOKEN_SECRET, json_field=TOKEN_FIELD),
        # CDK would use the token itself as the webhook's secret.
        trigger=actions.GitHubTrigger.NONE,
        output=output,
    )


def source_permissions(connection_arn: str) -> list[Permission]:
    """Return what the pipeline's role needs: nothing for a token, which CloudFormation puts into the action."""
    if not connection_arn:
        return []
    # The service was renamed. Which of the two actions it checks depends on the age of the connection.
    names = ("codeconnections:UseConnection", "codestar-connections:UseConnection")
    return [Permission("UseConnection", names, (connection_arn,))]


def start_on_push(scope: Construct, pipeline: codepipeline.Pipeline) -> None:
    """Create the webhook with which GitHub reports a push to the branch, and the secret that signs its calls."""
    secret = secretsmanager.Secret(
        scope,
        "WebhookSecret",
        description="Signs the webhook calls from GitHub to the pipeline CustomersApi.",
        generate_secret_string=secretsmanager.SecretStringGenerator(password_length=40, exclude_punctuation=True),
    )
    acknowledge(
        secret,
        {"AwsSolutions-SMG4": "GitHub has a copy, so it changes with the webhook (docs/how-to/run-the-pipeline.md)."},
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
        # CodePipeline replaces {Branch} with the setting of the source action.
        filters=[
            codepipeline.CfnWebhook.WebhookFilterRuleProperty(json_path="$.ref", match_equals="refs/heads/{Branch}")
        ],
        register_with_third_party=True,
    )
