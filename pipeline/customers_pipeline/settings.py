"""Options of the pipeline, passed as CDK context: `cdk deploy -c branch=develop`."""

from dataclasses import dataclass

from constructs import Node

PIPELINE_NAME = "CustomersApi"
STACK_NAME = "CustomersApiPipeline"
# The specification fixes these names. Both are created by hand, before the pipeline.
OWNER_PARAMETER = "github_username"
TOKEN_SECRET = "github_token"  # noqa: S105 - the secret's name
TOKEN_FIELD = "github_token"  # noqa: S105 - the name of its field


@dataclass(frozen=True, slots=True)
class Settings:
    """The context options.

    Attributes:
        repository: Name on GitHub, without its owner.
        branch: Branch to deploy.
        connection_arn: CodeConnections connection to use instead of the token; empty to use the token.
    """

    repository: str = "backend-buy-now-pay-later-test"
    branch: str = "main"
    connection_arn: str = ""

    @classmethod
    def of(cls, node: Node) -> "Settings":
        """Read the options from the app's context.

        Raises:
            ValueError: An option is invalid. The message names the option and the fix.
        """
        given = {name: node.try_get_context(name) for name in ("repository", "branch", "connection_arn")}
        chosen = cls(**{name: str(value) for name, value in given.items() if value is not None})
        if "/" in chosen.repository or not chosen.repository:
            raise ValueError(
                f"repository is {chosen.repository!r}: use the name of the repository without its owner, who comes "
                f"from the SSM parameter {OWNER_PARAMETER}."
            )
        if not chosen.branch:
            raise ValueError("branch is empty: set the branch to deploy, for example -c branch=main.")
        if chosen.connection_arn and ":connection/" not in chosen.connection_arn:
            raise ValueError(
                f"connection_arn is {chosen.connection_arn!r}: use the complete ARN of a connection, "
                "arn:aws:codeconnections:<region>:<account>:connection/<id>."
            )
        return chosen
