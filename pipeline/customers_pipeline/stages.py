"""The two stages that the application is deployed to."""

from collections.abc import Mapping
from dataclasses import dataclass

from .application import Application


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment of the application.

    Attributes:
        name: Of the pipeline's stage.
        stack: Name of the application's stack.
        parameter: What the template calls the stage; names of its resources begin with it.
    """

    name: str
    stack: str
    parameter: str

    def overrides(self, application: Application, *, boundary: str) -> Mapping[str, str]:
        """The parameters that are passed to the template: those of ours that it has.

        Args:
            application: What is deployed.
            boundary: ARN of the policy that bounds the roles of the application.
        """
        ours = {"Stage": self.parameter, "GradualDeployment": "true", "PermissionsBoundaryArn": boundary}
        return {name: value for name, value in ours.items() if name in application.parameters}


STAGING = Stage("Staging", "CustomersApiStaging", "staging")
PRODUCTION = Stage("Production", "CustomersApiProduction", "production")
