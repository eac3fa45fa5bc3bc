"""What whoever deploys the pipeline may choose: `cdk deploy -c branch=develop`."""

from dataclasses import dataclass

from constructs import Node

PIPELINE_NAME = "CustomersApi"
STACK_NAME = "CustomersApiPipeline"
# Specified names: whoever sets the account up creates the two.
OWNER_PARAMETER = "github_username"
TOKEN_SECRET = "github_token"  # noqa: S105 - the secret's name
TOKEN_FIELD = "github_token"  # noqa: S105 - the name of its field


@dataclass(frozen=True, slots=True)
class Settings:
    """The context options.

    Attributes:
        repository: Name on GitHub, without its owner.
        branch: What is deployed.
        connection_arn: A CodeConnections connection to use instead of the token; an empty text means the token.
    """

    repository: str = "backend-buy-now-pay-later-test"
    branch: str = "main"
    connection_arn: str = ""

    @classmethod
    def of(cls, node: Node) -> "Settings":
        """Read them from the app's context.

        Raises:
            ValueError: One of them is not usable; the text names it and the mend.
        """
        given = {name: node.try_get_context(name) for name in ("repository", "branch", "connection_arn")}
        chosen = cls(**{name: str(value) for name, value in given.items() if value is not None})
        if "/" in chosen.repository or not chosen.repository:
            raise ValueError(
                f"repository is {chosen.repository!r}: give the repository's name alone, as its owner comes "
                f"from the SSM parameter {OWNER_PARAMETER}."
            )
        if not chosen.branch:
            raise ValueError("branch is empty: name the branch to deploy, such as -c branch=main.")
        if chosen.connection_arn and ":connection/" not in chosen.connection_arn:
            raise ValueError(
                f"connection_arn is {chosen.connection_arn!r}: give the whole ARN of a connection, "
                "arn:aws:codeconnections:<region>:<account>:connection/<id>."
            )
        return chosen
