"""The two stages that the application is deployed to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .application import Application

# Prefix of the names of everything that the pipeline creates for a stage. The deployments may not touch these names.
PREFIX = "CustomersApiPipeline"
# Value of a deployment's parameter that an operator chooses for one execution, see docs/how-to/run-the-pipeline.md.
GRADUAL = "#{variables.GradualDeployment}"
OWN_PARAMETERS = frozenset(
    {
        "DataKeyArn",
        "DeletionProtection",
        "GatewayLogsBoundaryArn",
        "GradualDeployment",
        "PermissionsBoundaryArn",
        "Stage",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage is deployed.

    Attributes:
        account: Id of the stage's account; empty for the pipeline's.
        pipeline_account: Id of the pipeline's account; empty if it is the stage's.
        key_arn: The key of a stage in another account. In the pipeline's, CloudFormation hands it over.
    """

    account: str = ""
    pipeline_account: str = ""
    key_arn: str = ""

    @property
    def is_elsewhere(self) -> bool:
        """Whether the stage has an account of its own."""
        return bool(self.account)


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment of the application.

    Attributes:
        name: Name of the pipeline's stage.
        stack: Name of the application's stack.
        parameter: Value of the template's parameter `Stage`, with which resource names begin.
        place: Where it is deployed.
        chosen: Parameters of the template that the options of the pipeline set.
    """

    name: str
    stack: str
    parameter: str
    place: Place = Place()
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def access_stack(self) -> str:
        """Name of the stack with the stage's roles, boundaries and key."""
        return f"{PREFIX}{self.name}"

    @property
    def key_export(self) -> str:
        """Name under which that stack exports the key's ARN."""
        return f"{self.access_stack}-DataKeyArn"

    @property
    def sets_gateway_account(self) -> bool:
        """Whether the stage sets API Gateway's role for logs, which other APIs of the account use too."""
        return self.chosen.get("SetsGatewayAccount") == "true"

    def owned(self, purpose: str) -> str:
        """Return the name of a role or boundary of this stage.

        >>> STAGING.owned("Deployment")
        'CustomersApiPipeline-StagingDeployment'
        """
        return f"{PREFIX}-{self.name}{purpose}"

    def overrides(self, application: Application, given: Mapping[str, str]) -> Mapping[str, str]:
        """Return the template parameters to set, limited to those that the template declares.

        Args:
            application: The application to deploy.
            given: Values that the stack knows: boundaries, key, protection.
        """
        wanted = {"Stage": self.parameter, "GradualDeployment": GRADUAL, **given, **self.chosen}
        return {name: value for name, value in wanted.items() if name in application.parameters}


STAGING = Stage("Staging", "CustomersApiStaging", "staging")
PRODUCTION = Stage("Production", "CustomersApiProduction", "production")
