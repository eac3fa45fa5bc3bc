"""The two stages that the application is deployed to."""

from collections.abc import Mapping
from dataclasses import dataclass

from .application import Application


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment of the application.

    Attributes:
        name: Name of the pipeline's stage.
        stack: Name of the application's stack.
        parameter: Value of the template's parameter `Stage`, with which resource names begin.
    """

    name: str
    stack: str
    parameter: str

    def overrides(self, application: Application, *, boundary: str) -> Mapping[str, str]:
        """Return the template parameters to set, limited to those that the template declares.

        Args:
            application: The application to deploy.
            boundary: ARN of the permissions boundary for the application's roles.
        """
        wanted = {"Stage": self.parameter, "GradualDeployment": "true", "PermissionsBoundaryArn": boundary}
        return {name: value for name, value in wanted.items() if name in application.parameters}


STAGING = Stage("Staging", "CustomersApiStaging", "staging")
PRODUCTION = Stage("Production", "CustomersApiProduction", "production")
