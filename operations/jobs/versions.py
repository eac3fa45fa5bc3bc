"""Finds and deletes published versions of functions that nothing uses. A version with a snapshot costs money."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True, slots=True)
class FunctionVersions:
    """The published versions of one function.

    Attributes:
        function: Name of the function.
        published: Numbers of its versions.
        in_use: Numbers of those to which an alias sends requests.
    """

    function: str
    published: Collection[int]
    in_use: Collection[int]

    def outdated(self, keep: int) -> list[int]:
        """Return the versions to delete, the oldest first.

        A version that is newer than those in use may be under test before it receives traffic, so it is not outdated.
        A function without an alias has no outdated versions: who calls it is unknown.

        Args:
            keep: How many versions to keep of those that are older than all in use.
        """
        if not self.in_use:
            return []
        older = sorted(number for number in self.published if number < min(self.in_use))
        return older[: max(0, len(older) - keep)]


class VersionRegistry:
    """Lambda's versions of the functions of a stack.

    Args:
        functions: The client of Lambda.
        names: Returns the names of the stack's functions.
    """

    def __init__(self, functions: "LambdaClient", names: Callable[[], Iterable[str]]) -> None:
        self._client = functions
        self._names = names

    def all(self) -> Iterator[FunctionVersions]:
        """Yield the versions of each function, in the order of the functions' names."""
        for name in sorted(self._names()):
            yield FunctionVersions(name, set(self._published(name)), set(self._in_use(name)))

    def delete(self, function: str, number: int) -> None:
        """Delete one version. Lambda refuses if an alias points to it."""
        self._client.delete_function(FunctionName=function, Qualifier=str(number))

    def _published(self, name: str) -> Iterator[int]:
        for page in self._client.get_paginator("list_versions_by_function").paginate(FunctionName=name):
            yield from (int(each["Version"]) for each in page["Versions"] if each["Version"] != "$LATEST")

    def _in_use(self, name: str) -> Iterator[int]:
        for page in self._client.get_paginator("list_aliases").paginate(FunctionName=name):
            for alias in page["Aliases"]:
                weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
                yield from (int(each) for each in (alias["FunctionVersion"], *weights) if each != "$LATEST")


def functions_of(client: "CloudFormationClient", stack_name: str) -> list[str]:
    """Return the names of a stack's functions.

    Args:
        client: The client of CloudFormation.
        stack_name: Name of the stack.
    """
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    return [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::Lambda::Function"]
