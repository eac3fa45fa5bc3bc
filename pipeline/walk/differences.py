"""What the local AWS does otherwise than AWS, and what the walk does about it. It prints all of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from local import deployment

Template = dict[str, Any]
# What the local AWS refuses; and the policies that let nobody at a bucket over plain HTTP, which it speaks.
LACKING = (
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CodeDeploy::",
    "AWS::CodePipeline::",
    "AWS::Events::Archive",
    "AWS::Logs::QueryDefinition",
    "AWS::S3::BucketPolicy",
    "AWS::WAFv2::",
)
# Outside the stage `local`, the API's description names AWS's own sign-in addresses, which do not lead here.
DESELECTED = ("tests/e2e/test_docs.py::test_the_description_leads_back_to_the_stack",)


def parameters(declared: Mapping[str, Any], endpoint: str, python: str) -> dict[str, str]:
    """Parameters of the application that must have other values here, as far as it has them.

    Args:
        declared: The template's parameters.
        endpoint: Address of the local AWS.
        python: Version of the interpreter that it runs functions on, such as "3.13".
    """
    here = {
        "StreamMappingsEnabled": "false",
        "LocalEndpoint": endpoint,
        "Runtime": f"python{python}",
        "Architecture": deployment.architecture(),
        "GradualDeployment": "false",
    }
    return {name: value for name, value in here.items() if name in declared}


def without_lacking(template: Template) -> tuple[Template, list[str]]:
    """The template without what the local AWS lacks, without outputs of that, and with alarms on single metrics.

    Returns:
        The template, and the names of the resources that are left out.
    """
    gone = {name for name, each in template["Resources"].items() if each["Type"].startswith(LACKING)}
    resources = {name: _without_sums(each) for name, each in template["Resources"].items() if name not in gone}
    outputs = {name: each for name, each in template.get("Outputs", {}).items() if not gone & set(_named(each))}
    return template | {"Resources": resources, "Outputs": outputs}, sorted(gone)


def _without_sums(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource; an alarm on a sum of metrics watches the first of them alone, as the local AWS does no sums."""
    properties = resource.get("Properties", {})
    if resource["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" not in properties:
        return resource
    first = next(each["MetricStat"] for each in properties["Metrics"] if "MetricStat" in each)
    kept = {name: each for name, each in properties.items() if name != "Metrics"}
    alone = {**first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}
    return resource | {"Properties": kept | alone}


def local_statements(application: Template) -> list[tuple[list[str], dict[str, Any]]]:
    """Policies of the application for the local AWS alone: the roles' logical ids, and the policy document."""
    return [
        ([role["Ref"] for role in each["Properties"]["Roles"]], each["Properties"]["PolicyDocument"])
        for each in application["Resources"].values()
        if each["Type"] == "AWS::IAM::Policy" and each.get("Condition") == "OnLocalAws"
    ]


def with_local_statements(pipeline: Template, application: Template) -> Template:
    """The pipeline's template, whose boundaries also let pass what the application needs on the local AWS alone."""
    extra = [statement for _, document in local_statements(application) for statement in document["Statement"]]
    bounded = dict(pipeline["Resources"])
    for name, each in bounded.items():
        if each["Type"] == "AWS::IAM::ManagedPolicy":
            document = each["Properties"]["PolicyDocument"]
            wider = document | {"Statement": [*document["Statement"], *extra]}
            bounded[name] = each | {"Properties": each["Properties"] | {"PolicyDocument": wider}}
    return pipeline | {"Resources": bounded}


def without_tag_conditions(value: Any) -> Any:
    """A piece of a template whose policies do not ask for tags: the local AWS finds none of a user pool's."""
    match value:
        case {"Condition": {"StringEquals": dict(wanted)}} if any(key.startswith("aws:ResourceTag/") for key in wanted):
            return {name: each for name, each in value.items() if name != "Condition"}
        case dict():
            return {name: without_tag_conditions(each) for name, each in value.items()}
        case list():
            return [without_tag_conditions(each) for each in value]
        case _:
            return value


def _named(value: Any) -> Iterator[str]:
    """Every text in a piece of a template, and what is between `${` and `}` or `.` in it."""
    match value:
        case str():
            yield value
            yield from (part.split("}")[0].split(".")[0] for part in value.split("${")[1:])
            yield value.split(".")[0]
        case dict():
            yield from (name for each in value.values() for name in _named(each))
        case list():
            yield from (name for each in value for name in _named(each))
