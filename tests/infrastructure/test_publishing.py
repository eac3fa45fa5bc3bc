"""What is deployed is what runs: every change of a function publishes a version, and nothing else does."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import pytest

from local import deployment
from local.template import load_template
from tests.infrastructure import sam
from tests.infrastructure.evaluation import Evaluation
from tests.infrastructure.sam import Deployment

TEXT = deployment.TEMPLATE.read_text()
PARAMETERS = load_template()["Parameters"]
BASE = {"Stage": "production", "AllowedOrigins": "https://shop.example.com"}
# Lambda's PublishVersion looks at none of these: they belong to the function, not to a version.
OF_NO_VERSION = {"ReservedConcurrentExecutions", "Tags"}
LONGEST_DESCRIPTION = 256


class Published(NamedTuple):
    """The versions of a deployment.

    Attributes:
        identities: Function -> what makes its version another resource. CloudFormation creates a version with another
            logical id, and replaces one with another description (AWS::Lambda::Version, createOnlyProperties).
        settings: Function -> what PublishVersion copies.
    """

    identities: Mapping[str, tuple[str, str]]
    settings: Mapping[str, Any]

    @classmethod
    def by(cls, template: dict[str, Any], parameters: Mapping[str, str]) -> "Published":
        evaluation = Evaluation(template, parameters)
        versions = evaluation.resources("AWS::Lambda::Version")
        identities = {each["FunctionName"]: (name, each.get("Description", "")) for name, each in versions.items()}
        functions = evaluation.resources("AWS::Lambda::Function")
        settings = {
            name: {key: value for key, value in functions[name].items() if key not in OF_NO_VERSION}
            for name in identities
        }
        return cls(identities, settings)

    def new_in(self, later: "Published") -> set[str]:
        """The functions of which the later deployment publishes a version."""
        return {name for name in later.identities if self.identities.get(name) != later.identities[name]}

    def changed_in(self, later: "Published") -> set[str]:
        """The functions that the later deployment changes."""
        return {name for name in later.settings if self.settings.get(name) != later.settings[name]}


def edited(old: str, new: str) -> str:
    assert old in TEXT, old
    return TEXT.replace(old, new)


LAYER = "s3://bucket/another-locked-list"
ALL_CODE = dict.fromkeys(load_template()["Resources"], "s3://bucket/other-code")
# Kind of change -> the deployment. Each changes every function.
OF_ALL = {
    "a new layer": Deployment(TEXT, BASE, {"Dependencies": LAYER}),
    "new code": Deployment(TEXT, BASE, {name: each for name, each in ALL_CODE.items() if name != "Dependencies"}),
    "another runtime": Deployment(TEXT, BASE | {"Runtime": "python3.14"}),
    "another default runtime": Deployment(edited("Default: python3.13", "Default: python3.14"), BASE),
    "another architecture": Deployment(TEXT, BASE | {"Architecture": "arm64"}),
    "another default architecture": Deployment(edited("Default: x86_64", "Default: arm64"), BASE),
    "more memory": Deployment(edited("    MemorySize: 1024", "    MemorySize: 2048"), BASE),
    "no tracing": Deployment(edited("    Tracing: Active", "    Tracing: PassThrough"), BASE),
    "another variable": Deployment(edited("LOG_LEVEL: INFO", "LOG_LEVEL: DEBUG"), BASE),
    "other origins": Deployment(TEXT, BASE | {"AllowedOrigins": "https://shop.example.org"}),
}
SNAPSHOTS = {
    "CreateCustomer",
    "UpdateCustomer",
    "EraseCustomer",
    "GetAllCustomers",
    "GetCustomer",
    "SearchCustomers",
    "GetStatistics",
}
RESOURCES = load_template()["Resources"]
ALL = {name for name, each in RESOURCES.items() if "AutoPublishAlias" in each.get("Properties", {})}
# Kind of change -> the deployment, and the functions that it changes.
OF_SOME = {
    "a longer timeout": (
        Deployment(edited("      Timeout: 20\n", "      Timeout: 25\n"), BASE),
        {"GetAllCustomers", "GetCustomer", "SearchCustomers", "GetStatistics"},
    ),
    "code of one function": (
        Deployment(TEXT, BASE, {"GetCustomer": "s3://bucket/other-code"}),
        {"GetCustomer"},
    ),
    "snapshots": (
        Deployment(TEXT.replace("[UseSnapStart, PublishedVersions, None]", "[UseSnapStart, None, None]"), BASE),
        SNAPSHOTS,
    ),
    "nothing": (Deployment(TEXT, BASE), set[str]()),
    "a comment": (Deployment(f"# Another comment.\n{TEXT}", BASE), set[str]()),
}
# Parameter -> the functions whose settings depend on it. All others change none.
OF_PARAMETERS = {
    "Stage": ALL,
    "Runtime": ALL,
    "Architecture": ALL,
    "AllowedOrigins": ALL,
    "Protection": SNAPSHOTS,
    "EventTableName": {
        name
        for name in ALL
        if "EVENT_TABLE" in RESOURCES[name]["Properties"].get("Environment", {}).get("Variables", {})
    },
    "Epoch": {"PublishEvents"},
    "RebuildWorkers": {"RebuildControl"},
    "RebuildRate": {"RebuildControl"},
}


def others(parameter: str) -> list[str]:
    """Values of a parameter that differ from the base's."""
    declared = PARAMETERS[parameter]
    base = BASE.get(parameter, str(declared["Default"]))
    if "AllowedValues" in declared:
        return [str(value) for value in declared["AllowedValues"] if str(value) != base]
    if declared["Type"] == "Number":
        return [str(int(base) + 1)]
    return ["staging", "local", "ada"] if parameter == "Stage" else ["another"]


BY_PARAMETER = {
    f"{name}={value}": Deployment(TEXT, BASE | {name: value}) for name in PARAMETERS for value in others(name)
}
BEFORE = Deployment(TEXT, BASE)
DEPLOYMENTS = {
    "before": BEFORE,
    **OF_ALL,
    **{name: each for name, (each, _) in OF_SOME.items()},
    **BY_PARAMETER,
}


@cache
def published() -> dict[str, Published]:
    templates = sam.transformed(DEPLOYMENTS.values())
    return {
        name: Published.by(template, each.parameters)
        for (name, each), template in zip(DEPLOYMENTS.items(), templates, strict=True)
    }


def test_every_function_with_an_alias_has_a_version() -> None:
    assert set(published()["before"].identities) == ALL
    assert len(ALL) > 12


@pytest.mark.parametrize("kind", OF_ALL)
def test_a_change_of_all_functions_publishes_all(kind: str) -> None:
    assert published()["before"].new_in(published()[kind]) == ALL


@pytest.mark.parametrize("kind", OF_SOME)
def test_a_change_of_some_functions_publishes_these(kind: str) -> None:
    assert published()["before"].new_in(published()[kind]) == OF_SOME[kind][1]


@pytest.mark.parametrize("change", BY_PARAMETER)
def test_another_value_of_a_parameter_publishes_the_functions_that_use_it(change: str) -> None:
    using = OF_PARAMETERS.get(change.partition("=")[0], set())

    assert published()["before"].new_in(published()[change]) == using


@pytest.mark.parametrize("change", DEPLOYMENTS)
def test_a_version_is_published_if_and_only_if_the_function_changes(change: str) -> None:
    """Lambda publishes no settings twice, and CloudFormation then fails: "A version for this function exists"."""
    before, after = published()["before"], published()[change]

    assert before.new_in(after) == before.changed_in(after)


def test_a_description_is_never_too_long() -> None:
    longest = {
        name: "x" * each.get("MaxLength", 0)
        or max(map(str, each.get("AllowedValues", [each.get("MaxValue", 10**9)])), key=len)
        for name, each in PARAMETERS.items()
    }
    [template] = sam.transformed([BEFORE])

    for name, description in Published.by(template, longest | {"Stage": "production"}).identities.values():
        assert len(description) <= LONGEST_DESCRIPTION, name


def test_old_versions_are_deleted_once_the_alias_has_moved() -> None:
    [template] = sam.transformed([BEFORE])
    versions = [each for each in template["Resources"].values() if each["Type"] == "AWS::Lambda::Version"]

    assert {(each["DeletionPolicy"], each.get("UpdateReplacePolicy")) for each in versions} == {("Delete", None)}
